//! The mail channel over its fixtures: raw mails (`.eml`), forms with their content type in the first line (`.form`,
//! `.multipart`) and JSON webhooks (`.json`), each with the outcome expected from it (`.expected.json`).
//!
//! `RELEVO_BLESS=1` writes the expected files; whoever does that reads every one of them afterwards.

#![expect(clippy::unwrap_used, reason = "a fixture that cannot be read fails its test")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use relevo_adapters::{
    Channel, Content, InboundEvent, MediaSource, Millis, ParseError, Parsed, Settings, Source, VerifyError,
    WebhookRequest, email, verify,
};
use serde_json::{Value, json};

/// 2026-03-04 12:00:00 UTC.
const NOW: Millis = 1_772_625_600_000;
const MAILGUN_KEY: &str = "mailgun-key";

fn mailbox() -> Box<dyn Channel> {
    let pairs = [
        ("address", "Support@in.example.org"),
        ("aliases", "ayuda@in.example.org"),
        ("webhook_token", "webhook-token"),
        ("mailgun_signing_key", MAILGUN_KEY),
        ("reply_token_key", "reply-key"),
    ];
    (email::KIND.open)(&Settings::of(&email::KIND, pairs).unwrap()).unwrap()
}

fn fixtures() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/email");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| !path.to_string_lossy().ends_with(".expected.json"));
    files.sort();
    files
}

fn expected_path(fixture: &Path) -> PathBuf {
    let name = fixture.file_name().unwrap().to_string_lossy().into_owned();
    let stem = name.strip_suffix(".json").unwrap_or(&name);
    fixture.with_file_name(format!("{stem}.expected.json"))
}

/// A fixture as it would arrive: content type and body. Mailgun's `SIGNATURE` is filled in.
struct Arrival {
    content_type: Option<String>,
    body: Bytes,
}

fn arrival(path: &Path) -> Arrival {
    let bytes = fs::read(path).unwrap();
    let name = path.to_string_lossy();
    if name.ends_with(".eml") {
        return Arrival { content_type: None, body: bytes.into() };
    }
    if name.ends_with(".json") {
        return Arrival { content_type: Some("application/json".to_owned()), body: signed(bytes) };
    }
    let end = bytes.iter().position(|&byte| byte == b'\n').unwrap();
    let line = std::str::from_utf8(&bytes[..end]).unwrap();
    let content_type = line.strip_prefix("Content-Type: ").unwrap().to_owned();
    Arrival { content_type: Some(content_type), body: signed(bytes[end + 1..].to_vec()) }
}

/// Mailgun signs the timestamp (a minute ago in all fixtures) and a token of 49 `t` and a digit.
fn signed(bytes: Vec<u8>) -> Bytes {
    let marker = b"SIGNATURE";
    let Some(at) = bytes.windows(marker.len()).position(|window| window == marker) else { return bytes.into() };
    let tokens = [b't'; 49];
    let start = bytes.windows(49).position(|window| window == tokens).unwrap();
    let timestamp = (NOW / 1_000 - 60).to_string();
    let signature =
        verify::hex(&verify::mac(MAILGUN_KEY.as_bytes(), &[timestamp.as_bytes(), &bytes[start..start + 50]]));
    [&bytes[..at], signature.as_bytes(), &bytes[at + marker.len()..]].concat().into()
}

fn run(channel: &dyn Channel, content_type: Option<&str>, body: &Bytes) -> Result<Parsed, ParseError> {
    match content_type {
        None => channel.decode(body, NOW),
        Some(content_type) => {
            let mut headers = HeaderMap::new();
            headers.insert("Content-Type", HeaderValue::from_str(content_type).unwrap());
            channel.parse(&WebhookRequest { query: "token=webhook-token", headers: &headers, body }, NOW)
        }
    }
}

fn outcome(parsed: &Parsed) -> Value {
    let blobs: Vec<Value> =
        parsed.blobs.iter().map(|blob| json!({ "sha256": blob.sha256, "size": blob.bytes.len() })).collect();
    json!({ "events": parsed.events, "faults": parsed.faults.len(), "blobs": blobs })
}

#[test]
fn every_fixture_has_its_outcome() {
    let channel = mailbox();
    let bless = std::env::var_os("RELEVO_BLESS").is_some();
    let mut wrong = Vec::new();
    for path in fixtures() {
        let arrival = arrival(&path);
        if let Some(content_type) = &arrival.content_type {
            let mut headers = HeaderMap::new();
            headers.insert("Content-Type", HeaderValue::from_str(content_type).unwrap());
            let request = WebhookRequest { query: "token=webhook-token", headers: &headers, body: &arrival.body };
            assert_eq!(channel.verify(&request, NOW), Ok(()), "{}", path.display());
        }
        let parsed = run(channel.as_ref(), arrival.content_type.as_deref(), &arrival.body).unwrap();
        let found = outcome(&parsed);
        let expected = expected_path(&path);
        if bless {
            fs::write(&expected, serde_json::to_string_pretty(&found).unwrap() + "\n").unwrap();
        } else if fs::read(&expected).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()) != Some(found)
        {
            wrong.push(path);
        }
    }
    assert!(wrong.is_empty(), "unexpected outcome: {wrong:#?}");
}

#[test]
fn p2_every_event_has_keys_and_a_partition_and_a_second_delivery_has_the_same() {
    let channel = mailbox();
    for path in fixtures() {
        let arrival = arrival(&path);
        let once = run(channel.as_ref(), arrival.content_type.as_deref(), &arrival.body).unwrap();
        let again = run(channel.as_ref(), arrival.content_type.as_deref(), &arrival.body).unwrap();
        assert_eq!(once, again, "{}", path.display());
        for event in &once.events {
            assert!(!event.dedup.is_empty() && event.dedup.iter().all(|key| !key.is_empty()), "{}", path.display());
            assert!(!event.thread.partition.is_empty(), "{}", path.display());
            let report = matches!(event.content, Content::Bounce(_) | Content::Notice(_));
            assert!(!report || event.thread.evidence.is_empty(), "{}: reports bind nothing", path.display());
        }
    }
}

#[test]
fn every_blob_that_an_attachment_names_is_handed_over() {
    let channel = mailbox();
    for path in fixtures() {
        let arrival = arrival(&path);
        let parsed = run(channel.as_ref(), arrival.content_type.as_deref(), &arrival.body).unwrap();
        let attachments = parsed.events.iter().filter_map(|event| event.content.message()).flat_map(|m| &m.attachments);
        for attachment in attachments {
            if let MediaSource::Blob { sha256 } = &attachment.source {
                assert!(parsed.blobs.iter().any(|blob| blob.sha256 == *sha256), "{}", path.display());
            }
        }
    }
}

#[test]
fn p7_no_damage_to_a_mail_is_fatal() {
    let channel = mailbox();
    for path in fixtures() {
        let Arrival { content_type, body } = arrival(&path);
        let step = (body.len() / 40).max(1);
        for cut in (0..body.len()).step_by(step) {
            let _ = run(channel.as_ref(), content_type.as_deref(), &body.slice(..cut));
            let _ = run(channel.as_ref(), content_type.as_deref(), &body.slice(cut..));
            for byte in [0, b'\n', b'"', b'<', b'=', b':', 0xFF, b'('] {
                let mut damaged = body.to_vec();
                damaged[cut] = byte;
                if let Ok(parsed) = run(channel.as_ref(), content_type.as_deref(), &damaged.into()) {
                    assert!(!serde_json::to_string(&parsed.events).unwrap().contains("\\u0000"), "{}", path.display());
                }
            }
        }
    }
}

#[test]
fn p7_no_change_of_a_json_webhook_is_fatal() {
    let channel = mailbox();
    for path in fixtures().iter().filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let whole: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        for pointer in pointers(&whole) {
            for change in [
                None,
                Some(json!(null)),
                Some(json!(7)),
                Some(json!("x")),
                Some(json!([])),
                Some(json!({})),
                Some(json!(true)),
            ] {
                let mut changed = whole.clone();
                alter(&mut changed, &pointer, change);
                let _ = run(channel.as_ref(), Some("application/json"), &Bytes::from(changed.to_string()));
            }
        }
    }
}

fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let below =
        children.iter().flat_map(|(key, child)| pointers(child).into_iter().map(move |rest| format!("/{key}{rest}")));
    std::iter::once(String::new()).chain(below).collect()
}

/// Replaces, or deletes, what `pointer` names.
fn alter(value: &mut Value, pointer: &str, change: Option<Value>) {
    match change {
        Some(change) => {
            if let Some(place) = value.pointer_mut(pointer) {
                *place = change;
            }
        }
        None => {
            let (parent, key) = pointer.rsplit_once('/').unwrap_or(("", ""));
            match value.pointer_mut(parent) {
                Some(Value::Object(fields)) => drop(fields.remove(key)),
                Some(Value::Array(items)) if !items.is_empty() => drop(items.pop()),
                _ => {}
            }
        }
    }
}

#[test]
fn p8_nesting_bombs_are_harmless() {
    let channel = mailbox();
    let nested: String =
        (0..10_000).map(|level| format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n")).collect();
    let forwarded = "Content-Type: message/rfc822\n\n".repeat(10_000);
    let wide = format!("Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(100_000));
    let comments = format!("From: {}a@b\nSubject: x\n\nx", "(".repeat(100_000));
    let quotes = format!("Subject: x\n\n{}", "> ".repeat(100_000));
    let attributions = format!("Subject: x\n\n{}", "On 1 <a@b\n".repeat(20_000));
    for bomb in [nested, forwarded, wide, comments, quotes, attributions] {
        let parsed = channel.decode(&Bytes::from(bomb), NOW).unwrap();
        assert_eq!(parsed.events.len(), 1);
        assert!(matches!(parsed.events[0].content, Content::Message(_)));
    }
}

#[test]
fn p8_attachments_past_the_limits_are_remarks() {
    let pairs = [
        ("address", "a@b.c"),
        ("token", "x"),
        ("mode", "imap"),
        ("imap_host", "h"),
        ("max_attachments", "2"),
        ("max_attachment_bytes", "4"),
    ];
    let channel = (email::KIND.open)(&Settings::of(&email::KIND, pairs).unwrap()).unwrap();
    let file = |content: &str| format!("--b\nContent-Type: application/pdf\n\n{content}\n");
    let mail = format!(
        "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n{}{}{}--b--\n",
        file("1234"),
        file("12345"),
        file("1")
    );
    let parsed = channel.decode(&Bytes::from(mail), NOW).unwrap();
    let attachments = &parsed.events[0].content.message().unwrap().attachments;
    assert_eq!(attachments.len(), 3);
    assert!(matches!(attachments[0].source, MediaSource::Blob { .. }));
    assert!(matches!(&attachments[1].source, MediaSource::Unavailable { reason, .. } if reason.contains("4 bytes")));
    assert!(
        matches!(&attachments[2].source, MediaSource::Unavailable { reason, .. } if reason.contains("more than 2"))
    );
    assert_eq!(parsed.blobs.len(), 2, "the raw mail and one file");
}

#[test]
fn a_mailbox_has_its_addresses_and_no_handshake() {
    let channel = mailbox();
    assert_eq!(channel.accounts(), ["support@in.example.org", "ayuda@in.example.org"]);
    assert_eq!(channel.handshake("hub.challenge=1"), Err(VerifyError::NotAccepted));
    assert!(matches!(channel.source(), Source::Webhook));
}

#[test]
fn what_is_no_mail_is_an_error() {
    let channel = mailbox();
    for bytes in ["", "\n", "no header at all\n\nreally", "{\"a\": 1}", "\"a\": 1\n{x: y\n"] {
        assert!(channel.decode(&Bytes::from_static(bytes.as_bytes()), NOW).is_err(), "{bytes:?}");
    }
    for (content_type, body) in [
        ("application/json", "7"),
        ("application/json", "{}"),
        ("application/json", "{"),
        ("application/x-www-form-urlencoded", "a=b"),
        ("multipart/form-data", "--x"),
        ("multipart/form-data; boundary=x", "--x--"),
    ] {
        assert!(run(channel.as_ref(), Some(content_type), &Bytes::from_static(body.as_bytes())).is_err(), "{body}");
    }
}

fn only_event(mail: &str) -> InboundEvent {
    let parsed = mailbox().decode(&Bytes::from(mail.to_owned()), NOW).unwrap();
    assert_eq!(parsed.events.len(), 1);
    parsed.events.into_iter().next().unwrap()
}

#[test]
fn a_mail_that_answers_is_known_by_its_sender_and_points_at_what_it_answers() {
    let answer = |from: &str| {
        only_event(&format!(
            "From: {from}\nMessage-ID: <child@x>\nIn-Reply-To: <parent@x>\n\
             References: <root@x> <child@x> <parent@x>\n\nHola"
        ))
        .thread
    };
    let thread = answer("Ida@example.net");
    // Its own id finds nothing, for another sender's mail may bear the same.
    assert_eq!((thread.names, thread.aliases), (vec!["mid:child@x".to_owned()], Vec::new()));
    let hints = ["ref:ida@example.net:parent@x", "mid:parent@x", "ref:ida@example.net:root@x", "mid:root@x"];
    assert_eq!(thread.hints, hints);
    let names = ["ref:ida@example.net:child@x", "ref:ida@example.net:parent@x", "ref:ida@example.net:root@x"];
    assert_eq!(thread.evidence, names);
    let other = answer("eva@example.net").evidence;
    assert!(other.iter().all(|name| !thread.evidence.contains(name)), "two senders share no evidence");
    let parent = only_event("From: ida@example.net\nMessage-ID: <parent@x>\n\nHola").thread;
    assert!(parent.hints.is_empty());
    assert!(thread.evidence.contains(&parent.evidence[0]), "a child that came first is found by its parent");
    let unknown = only_event("Message-ID: <child@x>\nIn-Reply-To: <parent@x>\n\nHola").thread;
    assert_eq!((unknown.hints, unknown.evidence), (vec!["mid:parent@x".to_owned()], Vec::new()));
}

#[test]
fn a_mail_says_where_its_answers_go() {
    let names =
        |headers: &str| only_event(&format!("From: ida@example.net\nMessage-ID: <a@x>\n{headers}\nHola")).thread.names;
    assert_eq!(names("Reply-To: Ventas <Otra@example.net>\n"), ["mid:a@x", "back:a@x:otra@example.net"]);
    for none in [
        "",
        "Reply-To: ida@example.net\n",
        "Reply-To: support@in.example.org\n",
        "Reply-To: a@example.net, b@example.net\n",
        "Reply-To: nobody\n",
    ] {
        assert_eq!(names(none), ["mid:a@x"], "{none}");
    }
}

#[test]
fn the_same_mail_to_two_threads_is_two_deliveries() {
    let [one, two] = ["0190f3a1-7b2c-7d3e-8f40-123456789abc", "0190f3a1-7b2c-7d3e-8f40-123456789abd"];
    let address = |id| email::reply_address(id, "support@in.example.org", &"reply-key".into()).unwrap();
    let copy = |id| {
        let to = [one, two].map(address).join(", ");
        only_event(&format!(
            "Delivered-To: {}\nFrom: ida@example.net\nTo: {to}\nMessage-ID: <a@x>\n\nHola",
            address(id)
        ))
    };
    assert_eq!(copy(one).thread.id.as_deref(), Some(one));
    assert_eq!(copy(two).thread.id.as_deref(), Some(two), "the copy's own recipient counts");
    assert_ne!(copy(one).dedup, copy(two).dedup);
    assert_eq!(copy(one).dedup, copy(one).dedup);
}

#[test]
fn p8_what_a_mail_points_at_is_bounded() {
    let references: String = (0..500).map(|at| format!(" <{at}@x>")).collect();
    let thread = only_event(&format!("From: a@b\nMessage-ID: <own@x>\nReferences:{references}\n\nHola")).thread;
    assert_eq!((thread.hints.len(), thread.evidence.len()), (40, 21));
}

#[test]
fn p7_json_is_json_whatever_its_content_type() {
    let channel = mailbox();
    let postmark =
        Bytes::from_static(b"\r\n {\"From\": \"ida@example.net\", \"Subject\": \"hola\", \"TextBody\": \"x\"}");
    let events = Bytes::from_static(b"[{\"event\": \"delivered\", \"sg_event_id\": \"1\"}]");
    for body in [postmark, events] {
        let stated = run(channel.as_ref(), Some("application/json"), &body).unwrap();
        for content_type in ["text/plain; charset=UTF-8", "message/rfc822", "application/x-www-form-urlencoded"] {
            assert_eq!(run(channel.as_ref(), Some(content_type), &body).unwrap(), stated, "{content_type}");
        }
    }
}

#[test]
fn p7_a_notification_of_amazon_is_a_dead_letter_and_no_ticket() {
    let body = Bytes::from_static(
        b"{\n  \"Type\" : \"Notification\",\n  \"TopicArn\" : \"arn:aws:sns:x:1:t\",\n  \"Subject\" : \"Amazon SES\",\n  \"Message\" : \"m\"\n}",
    );
    for content_type in ["text/plain; charset=UTF-8", "application/json"] {
        let ParseError(reason) = run(mailbox().as_ref(), Some(content_type), &body).unwrap_err();
        assert!(reason.contains("Amazon SNS"), "{reason}");
    }
    assert!(mailbox().decode(&body, NOW).is_err(), "nor is it a mail");
}

#[test]
fn a_url_encoded_mail_keeps_its_bytes() {
    let mime = "From%3A+ida%40example.net%0D%0ASubject%3A+bytes%0D%0AContent-Type%3A+text%2Fplain%3B+charset%3Diso-8859-1\
                %0D%0AContent-Transfer-Encoding%3A+8bit%0D%0A%0D%0Acaf%E9%0D%0A";
    let body = Bytes::from(format!("recipient=a%40b&body-mime={mime}"));
    let parsed = run(mailbox().as_ref(), Some("application/x-www-form-urlencoded"), &body).unwrap();
    assert_eq!(parsed.events[0].content.message().unwrap().display().trim(), "café");
}

#[test]
fn a_person_may_write_about_an_auto() {
    let event = only_event("From: ida@example.net\nSubject: Auto: seguro\n\nHola");
    assert!(matches!(event.content, Content::Message(_)));
}

#[test]
fn p2_mails_that_share_an_id_are_told_apart_and_one_mail_is_the_same_by_every_route() {
    let mail = |from: &str, day: &str, subject: &str, text: &str| {
        format!(
            "From: {from}\r\nDate: {day} Mar 2026 10:00:00 +0000\r\nSubject: {subject}\r\nMessage-ID: <same@x>\r\n\r\n{text}\r\n"
        )
    };
    let key = |mail: &str| only_event(mail).dedup;
    let first = mail("Ida <ida@example.net>", "3", "Pedido", "uno\r\ndos");
    let event = only_event(&first);
    assert_eq!(event.content.message().unwrap().id.as_deref(), Some("same@x"));
    assert!(event.dedup[0].starts_with("mid:same@x:") && event.dedup[0].len() == "mid:same@x:".len() + 16);
    for other in [
        mail("Eva <eva@example.net>", "3", "Pedido", "uno\r\ndos"),
        mail("Ida <ida@example.net>", "4", "Pedido", "uno\r\ndos"),
        mail("Ida <ida@example.net>", "3", "Otro", "uno\r\ndos"),
        mail("Ida <ida@example.net>", "3", "Pedido", "uno\r\ntres"),
    ] {
        assert_ne!(key(&other), event.dedup, "{other}");
    }
    let rescanned = first.replace("\r\n", "\n");
    assert_eq!(key(&format!("Received: by y\n{rescanned}\n")), event.dedup, "another hop and other line ends");
    let postmark = json!({
        "FromFull": {"Email": "ida@example.net", "Name": "Ida"}, "Subject": "Pedido", "TextBody": "uno\ndos\n",
        "Date": "3 Mar 2026 10:00:00 +0000", "MessageID": "p-1",
        "Headers": [{"Name": "Message-ID", "Value": "<same@x>"}]
    });
    let parsed = run(mailbox().as_ref(), Some("application/json"), &Bytes::from(postmark.to_string())).unwrap();
    assert_eq!(parsed.events[0].dedup, [event.dedup[0].clone(), "postmark:p-1".to_owned()]);
}

#[test]
fn a_sender_cannot_date_a_mail() {
    let event = only_event("From: ida@example.net\nDate: Tue, 3 Mar 2026 10:00:00 +0000\n\nHola");
    assert_eq!(event.at, None);
    let extra = event.content.message().unwrap().extra.clone().unwrap();
    assert_eq!(extra["date"], "Tue, 3 Mar 2026 10:00:00 +0000");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn p7_any_bytes_are_survived(head in "[ -~\n\t]{0,80}", body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        let channel = mailbox();
        for content_type in ["multipart/form-data; boundary=x", "application/json", "application/x-www-form-urlencoded", "message/rfc822"] {
            let bytes = [b"Subject: ", head.as_bytes(), b"\n\n--x\n", &body].concat();
            let _ = run(channel.as_ref(), Some(content_type), &bytes.into());
        }
    }

    #[test]
    fn p7_any_header_is_survived(name in "(From|To|Subject|Date|Content-Type|Content-Disposition|References|Message-ID|Received|Content-Transfer-Encoding)", value in "\\PC{0,60}", charset in "[a-z0-9-]{0,14}") {
        let channel = mailbox();
        let raw = format!("{name}: {value}\nContent-Type: text/html; charset={charset}\nSubject: =?{charset}?q?{value}?=\n\n{value}<p>{value}");
        let _ = channel.decode(&Bytes::from(raw), NOW);
    }
}
