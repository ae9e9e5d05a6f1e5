//! What the contract tests of Meta's channels share: fixtures, signed requests, and payloads bent out of shape.

use std::{fs, path::PathBuf};

use bytes::Bytes;
use http::HeaderMap;
use relevo_adapters::{Channel, Content, InboundEvent, Kind, Parsed, Settings, WebhookRequest, meta, verify};
use serde_json::{Value, json};

pub(crate) const APP_SECRET: &str = "fixture-app-secret";

pub(crate) fn open(kind: &Kind, settings: &[(&str, &str)]) -> Box<dyn Channel> {
    (kind.open)(&Settings::of(kind, settings.iter().copied()).unwrap()).unwrap()
}

/// Delivers `body` as Meta would: signed over the raw bytes.
pub(crate) fn deliver(channel: &dyn Channel, body: Bytes) -> Result<Parsed, String> {
    let mut headers = HeaderMap::new();
    headers.insert("X-Hub-Signature-256", verify::sign_meta(&body, APP_SECRET).parse().unwrap());
    let request = WebhookRequest { query: "", headers: &headers, body: &body };
    channel.verify(&request, 0).unwrap();
    channel.parse(&request, 0).map_err(|error| error.to_string())
}

/// Names and payloads of every fixture of a channel.
pub(crate) fn fixtures(channel: &str) -> Vec<(String, Bytes)> {
    let mut found: Vec<_> = fs::read_dir(folder(channel))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .filter(|name| !name.ends_with(".expected"))
        .map(|name| (name.clone(), fs::read(folder(channel).join(format!("{name}.json"))).unwrap().into()))
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

fn folder(channel: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(channel)
}

/// Every fixture gives exactly the events (and number of faults) that its neighbour `NAME.expected.json` lists: an
/// array of events, or `{"events": […], "faults": n}`. `RELEVO_BLESS=1` writes them; whoever does so reads them.
pub(crate) fn check_fixtures(channel: &dyn Channel, name: &str) {
    let mut wrong = Vec::new();
    for (fixture, body) in fixtures(name) {
        let parsed = deliver(channel, body.clone()).unwrap();
        check_events(&parsed, &fixture);
        check_addressed(channel, &body, &parsed, &fixture);
        let given = outcome(&parsed);
        let path = folder(name).join(format!("{fixture}.expected.json"));
        match std::env::var_os("RELEVO_BLESS") {
            Some(_) => fs::write(&path, serde_json::to_string_pretty(&given).unwrap() + "\n").unwrap(),
            None => {
                let expected: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
                if given != expected {
                    wrong.push(format!("{fixture}:\n{}", serde_json::to_string_pretty(&given).unwrap()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "not as expected:\n{}", wrong.join("\n"));
}

fn outcome(parsed: &Parsed) -> Value {
    match parsed.faults.len() {
        0 => json!(parsed.events),
        faults => json!({ "events": parsed.events, "faults": faults }),
    }
}

/// What holds for every event, whatever it came from: it is named, ordered, explained, and survives being stored.
pub(crate) fn check_events(parsed: &Parsed, context: &str) {
    for event in &parsed.events {
        assert!(!event.dedup.is_empty() && event.dedup.iter().all(|key| !key.trim().is_empty()), "{context}");
        assert!(!event.thread.partition.is_empty(), "{context}");
        let stored = serde_json::to_vec(event).unwrap();
        assert_eq!(&serde_json::from_slice::<InboundEvent>(&stored).unwrap(), event, "{context}");
        let named = !event.thread.aliases.is_empty() || !event.thread.evidence.is_empty();
        match &event.content {
            Content::Notice(notice) => assert!(event.raw.is_some() && !notice.kind.is_empty(), "{context}"),
            Content::Message(message) | Content::Echo(message) => {
                assert!(named, "{context}");
                assert!(message.kind() != "unsupported" || event.raw.is_some(), "{context}");
            }
            _ => {}
        }
    }
}

/// Whatever a channel takes from a webhook, the gateway would have brought to it.
fn check_addressed(channel: &dyn Channel, body: &[u8], parsed: &Parsed, context: &str) {
    let named = meta::addressees(body).unwrap();
    let ours = channel.accounts();
    let addressed = named.iter().any(|addressee| ours.contains(&addressee.account));
    assert!(addressed || parsed.events.is_empty(), "{context}: taken but not addressed");
}

/// Bends every fixture in every place, in a few of the ways in turn, and cuts it short: nothing panics, what comes
/// out is still well-formed (P7).
pub(crate) fn check_bent_payloads(channel: &dyn Channel, name: &str) {
    for (fixture, body) in fixtures(name) {
        let payload: Value = serde_json::from_slice(&body).unwrap();
        for (place, bent) in bent(&payload).into_iter().step_by(4) {
            let context = format!("{fixture}: {place}");
            let body = Bytes::from(bent.to_string());
            if let Ok(parsed) = channel.decode(&body, 0) {
                check_events(&parsed, &context);
                check_addressed(channel, &body, &parsed, &context);
            }
        }
        for end in (0..body.len()).step_by(7) {
            let _ = channel.decode(&body.slice(..end), 0);
            let _ = meta::addressees(&body[..end]);
        }
    }
}

/// `payload` with one place removed or replaced by something of every type, for every place.
pub(crate) fn bent(payload: &Value) -> Vec<(String, Value)> {
    let mut places = Vec::new();
    collect_pointers(payload, String::new(), &mut places);
    let mut all = Vec::new();
    for place in places {
        let mut removed = payload.clone();
        remove(&mut removed, &place);
        all.push((format!("{place} removed"), removed));
        for other in
            [json!(null), json!(7), json!(-1.5e300), json!(""), json!("\0x"), json!([]), json!([[1]]), json!({})]
        {
            let mut replaced = payload.clone();
            *replaced.pointer_mut(&place).unwrap() = other.clone();
            all.push((format!("{place} = {other}"), replaced));
        }
    }
    all
}

fn collect_pointers(value: &Value, at: String, places: &mut Vec<String>) {
    places.push(at.clone());
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                collect_pointers(value, format!("{at}/{key}"), places);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                collect_pointers(value, format!("{at}/{index}"), places);
            }
        }
        _ => {}
    }
}

fn remove(payload: &mut Value, place: &str) {
    let Some((parent, key)) = place.rsplit_once('/') else { return };
    match payload.pointer_mut(parent) {
        Some(Value::Object(fields)) => drop(fields.remove(key)),
        Some(Value::Array(items)) => drop(items.remove(key.parse().unwrap())),
        _ => {}
    }
}
