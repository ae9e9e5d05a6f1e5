//! Resident memory of `relevo serve` while one file of 100 MB is fetched from a platform and another is given to it.

use std::{net::SocketAddr, time::Duration};

use relevo::{
    app::Foundation,
    demo::platforms::{Graph, Rules},
    desk::reply::{self, To},
    store::conversations::{self, Name},
};
use relevo_adapters::{
    Blob, MediaKind,
    outbound::{Act, OutboundFile},
    verify::sign_meta,
};
use serde_json::{Value, json};

use crate::{
    idle::Process,
    load::{PHONE, SECRET},
    sends,
    support::Backend,
};

/// Bytes of each file: what WhatsApp takes, and what we take.
const SIZE: usize = 100 << 20;
const WANTED_MIB: f64 = 32.0;
const CUSTOMER: &str = "491700000001";

pub(crate) async fn run(backend: &Backend) {
    let base = Foundation::open(backend.config()).await.expect("the foundation");
    let graph = Graph::start(Rules::open()).await.expect("a pretend Graph API");
    let (business, token) = sends::ACCOUNT;
    graph.add_number(PHONE, business, token);
    let (theirs, ours) = (file(1), file(2));
    let media = graph.add_media(PHONE, "application/pdf", &theirs.bytes);
    base.blobs.put(&ours).await.expect("stored");
    let company = sends::company(&base).await;
    let channel = sends::whatsapp(&base, company, PHONE, &graph.url()).await;
    let (process, gateway) = Process::serve(backend);
    post(gateway, &base, 1, &json!({"type": "text", "text": {"body": "hola"}})).await;
    let conversation = conversation(&base, channel).await;
    // Pools and pollers settle; nothing else happens.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let idle = process.mebibytes("VmRSS:");
    process.forget_the_peak();

    let document = json!({"id": media, "mime_type": "application/pdf", "filename": "grande.pdf"});
    post(gateway, &base, 2, &json!({"type": "document", "document": document})).await;
    let act = Act::File { file: outbound(&ours), caption: None };
    let mut tx = base.db.write().await.expect("a transaction");
    let new = sends::new_reply(&base.clock, company, To::Conversation(conversation), act);
    reply::send(&mut tx, &base.clock, new).await.expect("it is taken");
    tx.commit().await.expect("committed");
    let is_there = || graph.ledger().iter().any(|entry| entry.method == "messages");
    while !(is_there() && base.blobs.exists(&theirs.sha256).await.expect("an answer")) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let peak = process.mebibytes("VmHWM:");
    eprintln!(
        "media: {idle:.1} MiB resident idle, {peak:.1} MiB at most while 100 MiB came in and 100 MiB went out: {:.1} \
         MiB more (wanted: at most {WANTED_MIB})",
        peak - idle
    );
}

/// A file that looks like a PDF and cannot be compressed.
fn file(seed: u64) -> Blob {
    let mut bytes = b"%PDF-1.7\n".to_vec();
    let mut state = seed;
    while bytes.len() < SIZE {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(SIZE);
    Blob::new(bytes)
}

fn outbound(blob: &Blob) -> OutboundFile {
    OutboundFile {
        sha256: blob.sha256.clone(),
        size: blob.bytes.len() as u64,
        mime: "application/pdf".to_owned(),
        file_name: "grande.pdf".to_owned(),
        kind: MediaKind::Document,
        platform_id: None,
    }
}

/// A message of the customer's; `content` is its type and what belongs to it.
async fn post(gateway: SocketAddr, base: &Foundation, n: usize, content: &Value) {
    let mut message = content.clone();
    message["from"] = CUSTOMER.into();
    message["id"] = format!("wamid.media{n}").into();
    message["timestamp"] = (base.clock.now() / 1000).to_string().into();
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "2001", "changes": [{"field": "messages",
        "value": {"messaging_product": "whatsapp",
            "metadata": {"display_phone_number": "4930111222", "phone_number_id": PHONE},
            "contacts": [{"profile": {"name": "Ida"}, "wa_id": CUSTOMER}], "messages": [message]}}]}]})
    .to_string()
    .into_bytes();
    let request = reqwest::Client::new().post(format!("http://{gateway}/webhooks/meta"));
    let request = request.header("X-Hub-Signature-256", sign_meta(&body, SECRET)).body(body);
    let answer = request.header("Content-Type", "application/json").send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
}

/// Waits until the customer's thread is known.
async fn conversation(base: &Foundation, channel: i64) -> String {
    let key = format!("p:{CUSTOMER}");
    loop {
        let mut tx = base.db.read().await.expect("a transaction");
        let keys = conversations::find_keys(&mut tx, &[Name { c: channel, k: &key }]).await.expect("an answer");
        match keys.into_iter().next() {
            Some(row) => return row.conversation_id,
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}
