//! A KDC that counts, in front of the real one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

/// How many requests have come. Each has a connection of its own.
pub(crate) struct CountingKdc {
    pub(crate) address: String,
    count: Arc<AtomicUsize>,
}

impl CountingKdc {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        let count = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&count);
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                seen.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let mut kdc = TcpStream::connect("127.0.0.1:88").await.expect("the KDC");
                    let _ = copy_bidirectional(&mut client, &mut kdc).await;
                });
            }
        });
        Self { address, count }
    }

    pub(crate) fn requests(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}
