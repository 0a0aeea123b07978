//! Rows that are put together from many calls, as a stream.

use std::future::Future;

use futures::channel::mpsc;
use futures::{SinkExt, Stream, StreamExt, pin_mut, stream};

use crate::Error;
use crate::rows::{Page, Rows};

/// Where the rows go.
pub(crate) struct Pages<T>(mpsc::Sender<Result<Page<T>, Error>>);

impl<T> Pages<T> {
    /// Hands rows on; waits until they were taken.
    pub(crate) async fn send(&mut self, rows: Vec<T>) {
        // Nobody there: then nobody asks this future to go on either.
        let _ = self.0.send(Ok(Page::from(rows))).await;
    }
}

/// The pages that `work` sends, and its error behind them. It goes on only
/// while the stream is read.
pub(crate) fn pages<T, F>(
    work: impl FnOnce(Pages<T>) -> F,
) -> impl Stream<Item = Result<Page<T>, Error>> + Send
where
    T: Send,
    F: Future<Output = Result<(), Error>> + Send,
{
    let (sender, receiver) = mpsc::channel(0);
    let mut last = sender.clone();
    let work = work(Pages(sender));
    let driver = async move {
        if let Err(error) = work.await {
            let _ = last.send(Err(error)).await;
        }
        None
    };
    stream::select(
        receiver,
        stream::once(driver).filter_map(std::future::ready),
    )
}

/// Every page at once; rows that came before an error are kept.
pub(crate) async fn collect<T>(
    pages: impl Stream<Item = Result<Page<T>, Error>>,
) -> Result<Rows<T>, Error> {
    pin_mut!(pages);
    let mut all = Rows::default();
    let mut any = false;
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => {
                any = true;
                all.rows.extend(page.rows);
            }
            Err(error) if any => all.missing = Some(error),
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[tokio::test]
    async fn rows_come_in_order_and_the_error_behind_them() {
        let failing = |count: u32| {
            pages(move |mut pages: Pages<u32>| async move {
                for row in 0..count {
                    pages.send(vec![row]).await;
                }
                Err(Error::new("fs1", ErrorKind::LevelTellsNoUser))
            })
        };
        let all = collect(failing(50)).await.expect("rows came");
        assert_eq!(all.rows, (0..50).collect::<Vec<_>>());
        assert!(all.missing.is_some());
        assert!(collect(failing(0)).await.is_err());
    }

    #[tokio::test]
    async fn work_without_rows_ends() {
        let none = pages(|_: Pages<u32>| async { Ok(()) });
        assert!(collect(none).await.expect("no error").rows.is_empty());
    }
}
