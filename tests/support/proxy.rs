//! A TCP relay that a test can cut and restore: the server behind it is gone and comes back, for this test alone.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

#[derive(Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    whole: Arc<watch::Sender<bool>>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Relays everything to `target` (`host:port`).
    pub(crate) async fn start(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let whole = Arc::new(watch::Sender::new(true));
        let task = tokio::spawn(accept(listener, target, whole.clone()));
        Self { address, whole, task }
    }

    /// Breaks every connection; new ones end at once.
    pub(crate) fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Lets new connections through again.
    pub(crate) fn restore(&self) {
        self.whole.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.cut();
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, target: String, whole: Arc<watch::Sender<bool>>) {
    while let Ok((client, _)) = listener.accept().await {
        if *whole.borrow() {
            tokio::spawn(relay(client, target.clone(), whole.subscribe()));
        }
    }
}

async fn relay(mut client: TcpStream, target: String, mut whole: watch::Receiver<bool>) {
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = whole.wait_for(|whole| !whole) => {}
    }
}
