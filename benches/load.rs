//! A lean load: requests are made beforehand, and sent over keep-alive connections that do nothing else.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use relevo_adapters::verify::sign_meta;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

pub(crate) const CONNECTIONS: usize = 64;
pub(crate) const SECRET: &str = "benchmark-app-secret";
pub(crate) const PHONE: &str = "10655501";

/// A WhatsApp webhook of about 1.5 KiB: message `n` of one of `customers` customers.
pub(crate) fn webhook(run: &str, n: usize, customers: usize) -> String {
    let user = n % customers;
    let wa_id = format!("4915{user:08}");
    json!({"object": "whatsapp_business_account", "entry": [{"id": "2001", "changes": [{"field": "messages", "value": {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "4930111222", "phone_number_id": PHONE},
        "contacts": [{"profile": {"name": format!("Cliente {user}")}, "wa_id": wa_id, "user_id": format!("DE.{user}")}],
        "messages": [{"from": wa_id, "from_user_id": format!("DE.{user}"), "id": format!("wamid.{run}.{n}"),
            "timestamp": (1_780_000_000 + n).to_string(), "type": "text",
            "text": {"body": format!("Mensaje {n}: {}", "hola, necesito ayuda con mi pedido. ".repeat(27))}}]}}]}]})
    .to_string()
}

/// A whole HTTP/1.1 request.
pub(crate) fn request(path: &str, body: &str) -> Vec<u8> {
    let signature = sign_meta(body.as_bytes(), SECRET);
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nX-Hub-Signature-256: {signature}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// Sends every request once over [`CONNECTIONS`] connections.
pub(crate) async fn send_all(address: SocketAddr, requests: Vec<Vec<u8>>) -> Measured {
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let tasks: Vec<_> =
        (0..CONNECTIONS).map(|_| tokio::spawn(connection(address, requests.clone(), next.clone()))).collect();
    let mut latencies = Vec::with_capacity(requests.len());
    for task in tasks {
        latencies.extend(task.await.expect("a connection's work"));
    }
    let elapsed = start.elapsed();
    latencies.sort_unstable();
    Measured {
        per_second: requests.len() as f64 / elapsed.as_secs_f64(),
        p50: latencies[latencies.len() / 2],
        p99: latencies[latencies.len() * 99 / 100],
    }
}

async fn connection(address: SocketAddr, requests: Arc<Vec<Vec<u8>>>, next: Arc<AtomicUsize>) -> Vec<Duration> {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    let mut latencies = Vec::new();
    let mut buffer = Vec::with_capacity(1024);
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let start = Instant::now();
        stream.write_all(request).await.expect("sent");
        read_answer(&mut stream, &mut buffer).await;
        latencies.push(start.elapsed());
    }
    latencies
}

async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) {
    buffer.clear();
    loop {
        assert!(stream.read_buf(buffer).await.expect("an answer") > 0, "the connection ended");
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
        assert!(text.starts_with("http/1.1 200"), "{text}");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        if buffer.len() >= head + 4 + length.expect("a length") {
            return;
        }
    }
}
