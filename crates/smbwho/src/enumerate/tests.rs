//! The pager over functions of the system, and where it has nothing to go over.

use smbwho_msrpc::srvsvc::session::NetrSessionEnum;

use super::*;

/// The numbers up to `last`, two a page, from level 1 on; its resume
/// handles are wider than any call's.
struct Numbers {
    last: u64,
    /// Gives the same page again and again.
    stuck: bool,
}

const WIDE: u64 = 1 << 40;

impl Listing for Numbers {
    type Row = u64;
    type Call<'q> = NetrSessionEnum<'q>;

    fn ladder(&self, _: &Server) -> VecDeque<u32> {
        VecDeque::from([2, 1, 0])
    }

    fn request<'q>(&'q self, _: &'q str, _: At) -> NetrSessionEnum<'q> {
        unreachable!("this goes over no connection")
    }

    fn read(_: &NetrSessionEnum<'_>, _: &[u8]) -> Result<Reply<u64>, NdrError> {
        unreachable!("this goes over no connection")
    }

    fn native(&self, server_name: Option<&str>, at: At) -> Option<NativeCall<u64>> {
        assert_eq!(server_name, Some(r"\\fs1"));
        let (last, stuck) = (self.last, self.stuck);
        Some(Box::new(move || {
            if at.level == 2 {
                return Reply {
                    status: Win32Status::ERROR_INVALID_LEVEL,
                    resume_handle: None,
                    rows: Vec::new(),
                };
            }
            let came = at.resume_handle.saturating_sub(WIDE);
            let end = last.min(came + 2);
            Reply {
                status: match came + 2 < last {
                    true => Win32Status::ERROR_MORE_DATA,
                    false => Win32Status::NERR_SUCCESS,
                },
                resume_handle: Some(WIDE + end),
                rows: if stuck {
                    vec![1, 2]
                } else {
                    (came + 1..=end).collect()
                },
            }
        }))
    }

    fn means_none(&self, _: Win32Status) -> bool {
        false
    }

    fn lets_through(&self, row: &u64) -> bool {
        *row != 4
    }

    async fn settle(_: &Pager<Self>, level: u32, _: &mut [u64]) {
        assert_eq!(level, 1);
    }
}

fn native() -> Server {
    let server_name = Some(r"\\fs1".to_owned());
    let backend = Backend::Native(Native { server_name });
    Server::new("fs1".to_owned(), r"\\fs1".to_owned(), backend)
}

#[tokio::test]
async fn functions_of_the_system_go_down_the_ladder_and_through_the_pages() {
    let (last, stuck) = (7, false);
    let pager = Pager::new(native(), Numbers { last, stuck }, MAX_PREFERRED_LENGTH);
    let rows = pager.collect().await.expect("rows");
    assert!(rows.missing.is_none());
    assert_eq!(rows.rows, [1, 2, 3, 5, 6, 7], "4 is filtered out");
}

#[tokio::test]
async fn a_page_that_comes_again_ends_it() {
    let (last, stuck) = (7, true);
    let pager = Pager::new(native(), Numbers { last, stuck }, MAX_PREFERRED_LENGTH);
    let rows = pager.collect().await.expect("rows");
    assert_eq!(rows.rows, [1, 2]);
    let missing = rows.missing.expect("an error");
    assert!(
        matches!(missing.kind(), ErrorKind::Stalled { .. }),
        "{missing}"
    );
}

#[tokio::test]
async fn what_nothing_here_tells_needs_a_connection() {
    let (last, stuck) = (7, false);
    let local = Server::local();
    let pager = Pager::new(local.clone(), Numbers { last, stuck }, MAX_PREFERRED_LENGTH);
    let error = pager.collect().await.expect_err("no rows");
    assert!(matches!(
        error.kind(),
        ErrorKind::NeedsConnection {
            what: "NetrSessionEnum"
        }
    ));
    assert!(error.hint().is_some_and(|hint| hint.contains("localhost")));
    let error = local.share("data").await.expect_err("no connection");
    assert!(matches!(
        error.kind(),
        ErrorKind::NeedsConnection { what: "srvsvc" }
    ));
}
