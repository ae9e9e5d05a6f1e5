//! What the pretend platforms send is what the real adapters verify and understand, piece by piece.

use std::collections::{BTreeSet, HashSet};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use relevo_adapters::{Channel, Content, InboundEvent, Parsed, VerifyError, WebhookRequest};

use super::*;

const NOW: Millis = 1_780_000_000_000;
const CALLS: usize = 200;

fn target(kind: &str, settings: &[(&str, &str)]) -> Target {
    let settings = Settings::of(relevo_adapters::kind(kind).unwrap(), settings.iter().copied()).unwrap();
    Target { base_url: "http://127.0.0.1:1".into(), kind: kind.into(), uuid: "7d1c".into(), settings }
}

fn targets() -> [Target; 5] {
    [
        target("whatsapp", &[("phone_number_id", "10655501"), ("app_secret", "wa-secret")]),
        target("telegram", &[("bot_token", "7001:invented"), ("secret_token", "tg-secret")]),
        target(
            "email",
            &[("address", "soporte@luma.example"), ("webhook_user", "u"), ("webhook_password", "contraseña")],
        ),
        target("email", &[("address", "soporte@luma.example"), ("webhook_token", "a b&c=ñ")]),
        target("facebook", &[("page_id", "1001"), ("app_secret", "fb-secret")]),
    ]
}

fn calls(target: &Target, seed: u64, count: usize) -> Vec<Call> {
    let mut traffic = traffic(target, seed).unwrap();
    (0..count).map(|n| traffic.next(NOW + i64::try_from(n).unwrap() * 1_500)).collect()
}

fn open(target: &Target) -> Box<dyn Channel> {
    (relevo_adapters::kind(&target.kind).unwrap().open)(&target.settings).unwrap()
}

/// Runs `check` on the request that the gateway would make of the call.
fn as_request<T>(call: &Call, check: impl FnOnce(&WebhookRequest<'_>) -> T) -> T {
    let headers: HeaderMap = call
        .headers
        .iter()
        .map(|(name, value)| (HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap()))
        .collect();
    let query = call.path.split_once('?').map_or("", |(_, query)| query);
    check(&WebhookRequest { query, headers: &headers, body: &Bytes::from(call.body.clone()) })
}

fn parsed(channel: &dyn Channel, call: &Call) -> Parsed {
    as_request(call, |request| {
        assert_eq!(channel.verify(request, NOW), Ok(()), "{}", call.about);
        channel.parse(request, NOW).unwrap()
    })
}

/// The word by which tests name what an event is.
fn word(event: &InboundEvent) -> String {
    match &event.content {
        Content::Message(message) => message.kind().to_owned(),
        Content::Echo(message) => format!("echo {}", message.kind()),
        Content::Automatic(message) => format!("automatic {}", message.kind()),
        Content::Reaction { .. } => "reaction".to_owned(),
        Content::Revision { .. } => "edit".to_owned(),
        Content::Tombstone { .. } => "removal".to_owned(),
        Content::Visibility { .. } => "hiding".to_owned(),
        Content::Receipt(receipt) => receipt.status.as_str().to_owned(),
        Content::Bounce(_) => "bounce".to_owned(),
        Content::ContactBlocked { blocked } => format!("blocked {blocked}"),
        other => panic!("the traffic is not meant to bring {other:?}"),
    }
}

fn agrees(event: &InboundEvent, effect: Effect) -> bool {
    match (&event.content, effect) {
        (Content::Message(message), Effect::Message(kind)) => message.kind() == kind,
        (Content::Message(message), Effect::Part) => message.group.is_some(),
        (Content::Echo(message) | Content::Automatic(message), Effect::Aside(kind)) => message.kind() == kind,
        (Content::Message(_) | Content::Echo(_) | Content::Automatic(_), _) => false,
        (_, effect) => effect == Effect::Change,
    }
}

#[test]
fn every_call_is_verified_and_understood_as_it_says() {
    for target in targets() {
        let channel = open(&target);
        for call in calls(&target, 42, CALLS) {
            let Parsed { events, faults, .. } = parsed(&*channel, &call);
            assert_eq!(faults, [], "{}", call.about);
            assert_eq!(events.len(), call.pieces.len(), "{}", call.about);
            for (event, piece) in events.iter().zip(&call.pieces) {
                assert!(agrees(event, piece.effect), "{}: {piece:?} but {:?}", call.about, event.content);
            }
            let lane = events.first().map(|event| event.thread.partition.as_str());
            assert!(target.kind == "email" || lane == Some(call.lane.as_str()), "{}: {lane:?}", call.about);
        }
    }
}

#[test]
fn p9_one_changed_byte_or_another_secret_is_refused() {
    for target in targets() {
        let channel = open(&target);
        let call = calls(&target, 42, 1).remove(0);
        let mut unsigned = call.clone();
        unsigned.headers.truncate(1);
        unsigned.path = unsigned.path.split('?').next().unwrap().to_owned();
        as_request(&unsigned, |request| assert_eq!(channel.verify(request, NOW), Err(VerifyError::Missing)));
        if call.path.ends_with("/meta") {
            let mut changed = call.clone();
            *changed.body.last_mut().unwrap() = b' ';
            as_request(&changed, |request| assert_eq!(channel.verify(request, NOW), Err(VerifyError::Mismatch)));
            assert!(call.body.is_ascii(), "Meta escapes what is not ASCII");
        }
    }
}

#[test]
fn everything_a_platform_does_occurs() {
    let expected: [(&str, &[&str]); 4] = [
        (
            "whatsapp",
            &[
                "contacts",
                "delivered",
                "document",
                "echo text",
                "image",
                "interactive",
                "location",
                "order",
                "reaction",
                "read",
                "sent",
                "text",
                "unsupported",
                "voice",
            ],
        ),
        (
            "telegram",
            &[
                "blocked false",
                "blocked true",
                "contacts",
                "edit",
                "image",
                "interactive",
                "location",
                "reaction",
                "text",
                "voice",
            ],
        ),
        ("email", &["automatic email", "bounce", "email"]),
        ("facebook", &["echo text", "edit", "hiding", "image", "reaction", "removal", "text"]),
    ];
    for target in targets() {
        let channel = open(&target);
        let (_, expected) = expected.iter().find(|(kind, _)| *kind == target.kind).unwrap();
        for seed in [1, 2, 3] {
            let events: Vec<InboundEvent> =
                calls(&target, seed, CALLS).iter().flat_map(|call| parsed(&*channel, call).events).collect();
            let found: BTreeSet<String> = events.iter().map(word).collect();
            assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), *expected, "{} {seed}", target.kind);
        }
    }
}

#[test]
fn shapes_that_need_care_occur() {
    let [whatsapp, telegram, email, _, facebook] = targets();
    let all = |target: &Target| calls(target, 5, CALLS);
    let texts = |target: &Target| -> Vec<String> {
        all(target).into_iter().map(|call| String::from_utf8(call.body).unwrap()).collect()
    };
    let whatsapp_bodies = texts(&whatsapp);
    assert!(whatsapp_bodies.iter().any(|body| body.contains("\\u00") && body.contains("\\/")));
    assert!(whatsapp_bodies.iter().any(|body| body.contains("\"username\"") && !body.contains("\"wa_id\"")));
    assert!(whatsapp_bodies.iter().any(|body| body.matches("\"timestamp\"").count() == 2), "two in one");
    assert!(whatsapp_bodies.iter().any(|body| body.contains("\"context\"") && body.contains("\"text\"")));
    assert!(all(&telegram).windows(3).any(|calls| calls[1..].iter().all(|call| call.pieces[0].effect == Effect::Part)));
    let mails = texts(&email);
    for part in ["References: <", "multipart/alternative", "application/pdf", "quoted-printable", "multipart/report"] {
        assert!(mails.iter().any(|mail| mail.contains(part)), "{part}");
    }
    assert!(texts(&facebook).iter().any(|body| !body.contains("\"from\"")), "somebody unnamed");
    for target in [whatsapp, telegram, email, facebook] {
        let calls = all(&target);
        assert!(calls.windows(2).any(|pair| pair[0].body == pair[1].body), "{}: a repetition", target.kind);
    }
}

#[test]
fn a_seed_gives_the_same_bytes_and_another_one_other_ids() {
    let ids = |calls: &[Call]| -> HashSet<String> {
        calls.iter().flat_map(|call| &call.pieces).map(|piece| piece.id.clone()).collect()
    };
    for target in targets() {
        let (one, same, other) = (calls(&target, 9, CALLS), calls(&target, 9, CALLS), calls(&target, 10, CALLS));
        assert_eq!(one, same);
        assert!(ids(&one).is_disjoint(&ids(&other)), "{}", target.kind);
    }
}

/// No two events of a run, but for repetitions, have a dedup key in common: everything has its effect.
#[test]
fn p2_only_repetitions_are_duplicates() {
    for target in targets() {
        let channel = open(&target);
        let mut by_key: std::collections::HashMap<String, String> = std::collections::HashMap::new();
        for call in calls(&target, 11, 500) {
            for (event, piece) in parsed(&*channel, &call).events.into_iter().zip(&call.pieces) {
                for key in event.dedup {
                    let first = by_key.entry(key.clone()).or_insert_with(|| piece.id.clone());
                    assert_eq!(*first, piece.id, "{}: {key}", call.about);
                }
            }
        }
    }
}

#[test]
fn conversations_go_on() {
    for target in targets() {
        let calls = calls(&target, 3, CALLS);
        let messages = calls.iter().flat_map(|call| &call.pieces).filter(|p| matches!(p.effect, Effect::Message(_)));
        let conversations: HashSet<&str> = messages.clone().map(|piece| piece.conversation.as_str()).collect();
        assert!(messages.count() > 2 * conversations.len(), "{}: {}", target.kind, conversations.len());
        assert!(conversations.len() > 10);
    }
}

#[test]
fn nothing_can_be_pushed_without_a_secret() {
    let polled = target("telegram", &[("bot_token", "7001:invented"), ("mode", "polling")]);
    assert!(traffic(&polled, 1).is_none());
    assert!(Telegram::polled(&polled, 1).is_some());
    let signed = target("email", &[("address", "a@example.com"), ("mailgun_signing_key", "k")]);
    assert!(traffic(&signed, 1).is_none());
    assert!(traffic(&Target { kind: "pigeon".into(), ..polled }, 1).is_none());
}
