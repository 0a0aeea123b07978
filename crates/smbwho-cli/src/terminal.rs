//! What is on the other side of standard output: a terminal that may or may not
//! know escape codes, or a reader that may go away.

use std::future::Future;

/// Whether the terminal takes escape codes. One whose `TERM` is `dumb`, or on
/// Unix not set, takes none at all; a console of Windows must be told to.
pub(crate) fn takes_codes() -> bool {
    anstyle_query::term_supports_color()
        && anstyle_query::windows::enable_ansi_colors().unwrap_or(true)
}

/// Ends when nobody reads standard output any more, as when `head` has had its
/// lines. Nothing is written to find that out.
#[cfg(unix)]
pub(crate) fn reader_gone() -> impl Future<Output = ()> {
    let (gone, is_gone) = tokio::sync::oneshot::channel();
    // It waits for as long as the program runs, so it has a thread of its own.
    let waiting = std::thread::Builder::new().spawn(move || {
        if wait_for_end(&std::io::stdout()) {
            let _ = gone.send(());
        }
    });
    async move {
        if waiting.is_err() || is_gone.await.is_err() {
            std::future::pending().await
        }
    }
}

/// The system does not say it: the next line that cannot be written does.
#[cfg(not(unix))]
pub(crate) fn reader_gone() -> impl Future<Output = ()> {
    std::future::pending()
}

/// Waits until whoever reads what is written here has gone; `false` where that
/// cannot be known.
#[cfg(unix)]
fn wait_for_end(out: &impl std::os::fd::AsFd) -> bool {
    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::io::Errno;
    loop {
        // Errors and the end of a connection come unasked.
        let mut out = [PollFd::new(out, PollFlags::empty())];
        match poll(&mut out, None) {
            Ok(_) => {
                let came = out[0].revents();
                return came.intersects(PollFlags::ERR | PollFlags::HUP);
            }
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_reader_is_noticed_without_writing() {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        let waiting = std::thread::spawn(move || wait_for_end(&writer));
        assert!(!waiting.is_finished());
        drop(reader);
        assert!(waiting.join().expect("no panic"));
    }
}
