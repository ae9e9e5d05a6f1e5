//! The Telegram channel over its fixtures: `NAME.json` is an update as Telegram would post it, `NAME.expected.json`
//! the events that must come of it (or `{"events": …, "faults": n}` if some of it cannot be understood).
//!
//! `RELEVO_BLESS=1` writes the expected files anew; whoever does that reads every one of them.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::HashSet, fs, path::PathBuf};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use proptest::prelude::*;
use relevo_adapters::{Channel, Content, InboundEvent, Parsed, Settings, WebhookRequest, json, telegram::KIND};
use serde_json::{Value, json};

const SECRET: &str = "invented_secret-1";

fn bot() -> Box<dyn Channel> {
    let pairs = [("bot_token", "7001001:invented-token"), ("secret_token", SECRET)];
    (KIND.open)(&Settings::of(&KIND, pairs).unwrap()).unwrap()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/telegram")
}

/// Every payload by its name.
fn fixtures() -> Vec<(String, Bytes)> {
    let mut found: Vec<(String, Bytes)> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?.strip_suffix(".json")?.to_owned();
            (!name.ends_with(".expected")).then(|| (name, Bytes::from(fs::read(&path).unwrap())))
        })
        .collect();
    found.sort();
    assert!(found.len() > 50, "the fixtures are gone");
    found
}

/// Delivers a payload as Telegram does, and as a poller would: both must mean the same.
fn deliver(body: &Bytes) -> Parsed {
    let bot = bot();
    let headers =
        HeaderMap::from_iter([("X-Telegram-Bot-Api-Secret-Token".parse().unwrap(), HeaderValue::from_static(SECRET))]);
    let request = WebhookRequest { query: "", headers: &headers, body };
    bot.verify(&request, 0).unwrap();
    let parsed = bot.parse(&request, 0).unwrap();
    assert_eq!(bot.decode(body, 0).unwrap(), parsed);
    parsed
}

fn outcome(parsed: &Parsed) -> Value {
    let events = serde_json::to_value(&parsed.events).unwrap();
    match parsed.faults.len() {
        0 => events,
        faults => json!({ "events": events, "faults": faults }),
    }
}

/// What holds for every event, whatever was posted.
fn assert_sound(parsed: &Parsed) {
    for event in &parsed.events {
        assert!(!event.thread.partition.is_empty());
        assert!(!event.dedup.is_empty() && event.dedup.iter().all(|key| !key.is_empty()), "{event:?}");
        if let Content::Notice(notice) = &event.content {
            assert!(!notice.kind.is_empty() && event.raw.is_some(), "{event:?}");
        }
        let again: InboundEvent = serde_json::from_value(serde_json::to_value(event).unwrap()).unwrap();
        assert_eq!(&again, event, "survives the queue");
    }
}

#[test]
fn every_fixture_becomes_the_events_expected_of_it() {
    let bless = std::env::var_os("RELEVO_BLESS").is_some();
    for (name, body) in fixtures() {
        let parsed = deliver(&body);
        assert_sound(&parsed);
        let path = folder().join(format!("{name}.expected.json"));
        if bless {
            fs::write(&path, format!("{:#}\n", outcome(&parsed))).unwrap();
        }
        let expected: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!(format!("{:#}", outcome(&parsed)), format!("{expected:#}"), "{name}");
    }
}

#[test]
fn p2_no_two_fixtures_share_a_dedup_key_unless_they_are_one_thing_said_twice() {
    let mut seen = HashSet::new();
    for (name, body) in fixtures() {
        for event in deliver(&body).events {
            let moved = matches!(event.content, Content::ThreadMoved { .. });
            for key in event.dedup.iter().filter(|key| !(moved && key.starts_with("move:"))) {
                assert!(seen.insert(key.clone()), "{name}: {key}");
            }
        }
    }
}

#[test]
fn p2_a_message_keeps_its_key_when_the_update_ids_start_anew() {
    for (name, body) in fixtures() {
        let mut update = json::parse(&body).unwrap();
        if update.get("update_id").is_none() {
            continue;
        }
        let keys = |body: &Bytes| -> Vec<String> {
            let events = deliver(body).events;
            events.into_iter().flat_map(|event| event.dedup).filter(|key| !key.starts_with("upd:")).collect()
        };
        let before = keys(&body);
        update["update_id"] = json!(1);
        assert_eq!(keys(&Bytes::from(update.to_string())), before, "{name}");
    }
}

#[test]
fn an_array_of_a_thousand_updates_is_a_thousand_events() {
    let updates: Vec<Value> = (0..1000)
        .map(|n| {
            json!({"update_id": 500 + n, "message": {"message_id": n + 1, "date": 1_780_000_000,
                "chat": {"id": n % 7 + 1, "type": "private"}, "text": "hola"}})
        })
        .collect();
    let parsed = deliver(&Bytes::from(Value::from(updates).to_string()));
    assert_eq!((parsed.events.len(), parsed.faults.len()), (1000, 0));
}

#[test]
fn what_is_no_update_at_all_is_an_error() {
    for body in ["", "{", "null", "17", "\"text\"", "true", "\u{feff}"] {
        assert!(bot().decode(&Bytes::from(body), 0).is_err(), "{body}");
    }
}

/// The one event of a fixture.
fn event(name: &str) -> InboundEvent {
    let body = Bytes::from(fs::read(folder().join(format!("{name}.json"))).unwrap());
    let [event] = <[InboundEvent; 1]>::try_from(deliver(&body).events).unwrap();
    event
}

#[test]
fn p4_whatever_happens_in_a_chat_stays_in_line() {
    let partition = |name: &str| event(name).thread.partition;
    for name in ["edited_text", "callback", "callback_inaccessible", "topic_private", "blocked", "scheduled"] {
        assert_eq!(partition(name), partition("text"), "{name}");
    }
    for name in ["business_owner", "business_edited", "callback_business", "business_deleted_none"] {
        assert_eq!(partition(name), partition("business_text"), "{name}");
    }
    assert_ne!(partition("business_text"), partition("text"), "message ids differ there");
    assert_eq!(partition("topic_general"), partition("topic_text"));
    assert_ne!(event("topic_general").thread.aliases, event("topic_text").thread.aliases);
}

#[test]
fn p2_a_group_moves_once_though_telegram_says_it_twice() {
    let (old, new) = (event("migrate_to"), event("migrate_from"));
    assert_eq!(old.content, new.content);
    assert_eq!(old.thread.aliases, new.thread.aliases);
    assert!(old.dedup.iter().any(|key| new.dedup.contains(key)));
}

#[test]
fn what_changes_a_message_names_it_as_the_message_named_itself() {
    let Content::Message(message) = event("location_live").content else { panic!("no message") };
    let Content::Revision { target, .. } = event("location_live_moved").content else { panic!("no revision") };
    assert_eq!(message.id, Some(target));
    let Content::Message(pressed) = event("callback").content else { panic!("no message") };
    let Content::Message(reply) = event("text_reply_quote").content else { panic!("no message") };
    assert_eq!(pressed.reply_to, reply.reply_to);
}

/// Every update of the fixtures on its own.
fn single_updates() -> Vec<Value> {
    let documents = fixtures().into_iter().map(|(_, body)| json::parse(&body).unwrap());
    let single = documents.flat_map(|document| match document {
        Value::Array(updates) => updates,
        update => vec![update],
    });
    single.filter(Value::is_object).collect()
}

/// Every place in a document, as a list of JSON pointers.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, field)| pointers(field, &format!("{at}/{key}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, item)| pointers(item, &format!("{at}/{n}"), found));
        }
        _ => {}
    }
}

/// `document` without what stands at `pointer`.
fn without(document: &Value, pointer: &str) -> Option<Value> {
    let (parent, key) = pointer.rsplit_once('/')?;
    let mut document = document.clone();
    match document.pointer_mut(parent)? {
        Value::Object(fields) => fields.remove(key).map(drop),
        Value::Array(items) => key.parse().ok().map(|n: usize| drop(items.remove(n))),
        _ => None,
    }?;
    Some(document)
}

#[test]
fn p7_no_mutilated_update_breaks_anything() {
    let odd = [
        Value::Null,
        json!(true),
        json!(0),
        json!(1e300),
        json!(i64::MIN),
        json!(""),
        json!("x"),
        json!("\u{0}"),
        json!([]),
        json!({}),
        json!({"id": {}}),
    ];
    let bot = bot();
    for document in single_updates() {
        let mut places = Vec::new();
        pointers(&document, "", &mut places);
        for place in places {
            let swapped = odd.iter().map(|value| {
                let mut copy = document.clone();
                *copy.pointer_mut(&place).unwrap() = value.clone();
                copy
            });
            for mutant in swapped.chain(without(&document, &place)) {
                if let Ok(parsed) = bot.decode(&Bytes::from(mutant.to_string()), 0) {
                    assert_sound(&parsed);
                    let silent = parsed.events.is_empty() && parsed.faults.is_empty();
                    assert!(!silent || mutant == json!([]), "nothing may vanish: {mutant}");
                }
            }
        }
    }
}

#[test]
fn p7_no_truncated_update_breaks_anything() {
    let bot = bot();
    for document in single_updates() {
        let body = Bytes::from(document.to_string());
        for end in 0..body.len() {
            assert!(bot.decode(&body.slice(..end), 0).is_err());
        }
    }
}

proptest! {
    #[test]
    fn p7_no_bytes_break_anything(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        let _ = bot().decode(&Bytes::from(bytes), 0);
    }

    #[test]
    fn p7_no_flipped_byte_breaks_anything(which in any::<proptest::sample::Index>(), at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let fixtures = fixtures();
        let mut bytes = which.get(&fixtures).1.to_vec();
        *at.get_mut(&mut bytes) = byte;
        if let Ok(parsed) = bot().decode(&Bytes::from(bytes), 0) {
            assert_sound(&parsed);
        }
    }
}
