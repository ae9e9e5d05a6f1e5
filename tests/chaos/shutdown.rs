//! SIGTERM: what is in hand is finished, and then the process ends by itself.

use std::{net::SocketAddr, time::Duration};

use relevo_adapters::verify::sign_meta;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

use super::house::House;
use crate::{
    stories::house::{APP_SECRET, text, whatsapp},
    support::{Backend, DatabaseKind, QueueKind, Relevo, for_each_backend, run, until},
};

const T: i64 = 1_780_000_000;

/// A signed webhook, as bytes of HTTP: its head, and its body.
fn webhook(id: &str) -> (String, Vec<u8>) {
    let body = whatsapp(vec![text(id, 1, T, id)]).to_string().into_bytes();
    let head = format!(
        "POST /webhooks/meta HTTP/1.1\r\nHost: relevo\r\nContent-Type: application/json\r\n\
         X-Hub-Signature-256: {}\r\nContent-Length: {}\r\n\r\n",
        sign_meta(&body, APP_SECRET),
        body.len()
    );
    (head, body)
}

/// Sends all of a webhook but its last byte; gives the connection and that byte.
async fn nearly_send(gateway: SocketAddr, id: &str) -> (TcpStream, u8) {
    let (head, mut body) = webhook(id);
    let last = body.pop().expect("a body");
    let mut stream = TcpStream::connect(gateway).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("sent");
    stream.write_all(&body).await.expect("sent");
    (stream, last)
}

/// The status line of the answer.
async fn status(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("an answer, and the end of the connection");
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

async fn one_process<'a>(backend: &'a Backend, seconds: &str) -> (House<'a>, SocketAddr) {
    let relevo = Relevo::on(backend).with("SERVER__SHUTDOWN_SECONDS", seconds);
    let mut house = House::open(backend, relevo, &["gateway,worker"]).await;
    let address = house.processes[0].1.address().await;
    (house, address)
}

for_each_backend! {
    sigterm_finishes_what_is_in_hand_and_ends_with_0_p1: |backend| {
        let (mut house, gateway) = one_process(backend, "20").await;
        // Given a connection that says nothing, an accepted webhook, and one that is still on its way,
        let _idle = TcpStream::connect(gateway).await.expect("a connection");
        let (mut first, last) = nearly_send(gateway, "first").await;
        first.write_all(&[last]).await.expect("sent");
        let mut byte = [0];
        first.read_exact(&mut byte).await.expect("the answer begins");
        let (mut second, last) = nearly_send(gateway, "second").await;
        // when the process is asked to end,
        let (_, mut process) = house.processes.remove(0);
        process.terminate();
        until("it is stopping", async || process.log().contains("stopping")).await;
        until("nobody new is let in", async || TcpStream::connect(gateway).await.is_err()).await;
        assert!(process.is_running(), "it waits for the webhook");
        // then the webhook on its way is answered,
        second.write_all(&[last]).await.expect("sent");
        assert_eq!(status(second).await, "HTTP/1.1 200 OK");
        // the process ends well, long before it would give up,
        let asked = Instant::now();
        let ended = process.end().await;
        assert_eq!(ended.code(), Some(0), "{ended}");
        assert!(asked.elapsed() < Duration::from_secs(15), "nothing was left to wait for: {:?}", asked.elapsed());
        assert!(!ended.err.contains("is dropped"), "{ended}");
        // and a later one finds both messages.
        house.processes.push(("worker", house.serve("worker")));
        house.assert_contents(&["first", "second"]).await;
    }
}

#[test]
fn sigterm_drops_what_takes_too_long_and_ends_with_0_p8() {
    run(DatabaseKind::Sqlite, QueueKind::Table, async |backend| {
        let (mut house, gateway) = one_process(backend, "1").await;
        let (second, _) = nearly_send(gateway, "never").await;
        let (_, mut process) = house.processes.remove(0);
        process.terminate();
        let ended = process.end().await;
        assert_eq!(ended.code(), Some(0), "{ended}");
        assert!(ended.err.contains("is dropped"), "{ended}");
        drop(second);
        house.assert_contents(&[]).await;
    });
}
