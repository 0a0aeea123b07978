//! Where the pager has nothing to go over.

use super::*;

#[tokio::test]
async fn what_nothing_here_tells_needs_a_connection() {
    let local = Server::local();
    let error = local.shares().collect().await;
    let error = error.expect_err("no rows");
    assert!(matches!(
        error.kind(),
        ErrorKind::NeedsConnection {
            what: "NetrShareEnum"
        }
    ));
    assert!(error.hint().is_some_and(|hint| hint.contains("localhost")));
    let error = local.share("data").await.expect_err("no connection");
    assert!(matches!(
        error.kind(),
        ErrorKind::NeedsConnection { what: "srvsvc" }
    ));
}
