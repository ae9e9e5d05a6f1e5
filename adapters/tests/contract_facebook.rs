//! Facebook Page comments over their fixtures, and the rules that no single fixture shows.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod meta_support;

use bytes::Bytes;
use http::HeaderMap;
use relevo_adapters::{
    Channel, Content, InboundEvent, ParseError, Settings, VerifyError, WebhookRequest, facebook::KIND, verify,
};
use serde_json::{Value, json};

use meta_support::{APP_SECRET, bent, check_bent_payloads, check_fixtures, deliver, fixtures};

fn channel() -> Box<dyn Channel> {
    meta_support::open(&KIND, &[("account", "1001"), ("app_secret", APP_SECRET), ("verify_token", "knock")])
}

#[test]
fn every_fixture_gives_the_events_expected() {
    check_fixtures(&*channel(), "facebook");
}

#[test]
fn p7_bent_and_cut_payloads_never_panic() {
    check_bent_payloads(&*channel(), "facebook");
}

/// One entry with a change of `feed` for each of these values.
fn webhook(values: &[Value]) -> Bytes {
    let changes: Vec<Value> = values.iter().map(|value| json!({"field": "feed", "value": value})).collect();
    json!({"object": "page", "entry": [{"id": "1001", "time": 1780000009, "changes": changes}]}).to_string().into()
}

fn comment(id: &str, verb: &str, from: &str, message: &str) -> Value {
    json!({"item": "comment", "verb": verb, "comment_id": id, "post_id": "1001_5", "parent_id": "1001_5",
        "from": {"id": from, "name": from}, "message": message, "created_time": 1780000000})
}

fn events(values: &[Value]) -> Vec<InboundEvent> {
    deliver(&*channel(), webhook(values)).unwrap().events
}

#[test]
fn p7_one_bad_change_hurts_none_of_its_neighbours() {
    let (first, last) = (comment("5_1", "add", "7", "first"), comment("5_9", "add", "8", "last"));
    let alone = events(&[first.clone(), last.clone()]);
    for (_, body) in fixtures("facebook") {
        let payload: Value = serde_json::from_slice(&body).unwrap();
        let Some(value) = payload.pointer("/entry/0/changes/0/value") else { continue };
        for (place, bad) in bent(value) {
            let found = deliver(&*channel(), webhook(&[first.clone(), bad, last.clone()])).unwrap();
            assert_eq!((found.events.first(), found.events.last()), (alone.first(), alone.last()), "{place}");
            assert_eq!(found.events.len() + found.faults.len(), 3, "{place}: the bad one is an event or a fault");
        }
    }
}

#[test]
fn p2_a_redelivery_has_the_same_names_however_it_is_written() {
    for (fixture, body) in fixtures("facebook") {
        let compact: Value = serde_json::from_slice(&body).unwrap();
        let once = deliver(&*channel(), body).unwrap().events;
        assert_eq!(once, deliver(&*channel(), compact.to_string().into()).unwrap().events, "{fixture}");
    }
}

#[test]
fn p2_each_edit_is_an_event_of_its_own_and_both_spellings_are_one() {
    let found = events(&[
        comment("5_1", "edited", "7", "once"),
        comment("5_1", "edit", "7", "once"),
        comment("5_1", "edited", "7", "twice"),
    ]);
    assert_eq!(found[0].dedup, found[1].dedup);
    assert_ne!(found[0].dedup, found[2].dedup);
    let removed = events(&[comment("5_1", "remove", "7", ""), comment("5_1", "delete", "7", "")]);
    assert_eq!(removed[0].dedup, removed[1].dedup);
}

/// The events of one change that was sent `time`.
fn sent_at(time: i64, value: &Value) -> InboundEvent {
    let change = json!({"field": "feed", "value": value});
    let body = json!({"object": "page", "entry": [{"id": "1001", "time": time, "changes": [change]}]});
    let once = deliver(&*channel(), body.to_string().into()).unwrap().events;
    assert_eq!(once, deliver(&*channel(), body.to_string().into()).unwrap().events, "a redelivery has the same names");
    once.into_iter().next().unwrap()
}

#[test]
fn p2_what_is_done_again_counts_again() {
    let hide = |verb: &str, time: i64| sent_at(time, &comment("5_1", verb, "1001", "hola"));
    let hidden = [hide("hide", 1), hide("unhide", 2), hide("hide", 3)];
    let edit = |message: &str, time: i64| sent_at(time, &comment("5_1", "edited", "7", message));
    let edited = [edit("a", 1), edit("b", 2), edit("a", 3)];
    for events in [hidden, edited] {
        let names: std::collections::BTreeSet<_> = events.iter().map(|event| &event.dedup).collect();
        assert_eq!(names.len(), 3, "{names:?}");
    }
    let removed = |time: i64| sent_at(time, &comment("5_1", "remove", "7", "")).dedup;
    assert_eq!(removed(1), removed(2), "a comment is removed once");
}

#[test]
fn an_edit_that_states_no_content_takes_none_away() {
    let mut edited = comment("5_1", "edited", "7", "");
    for message in [json!(""), Value::Null] {
        edited["message"] = message;
        let event = sent_at(1, &edited);
        assert!(matches!(&event.content, Content::Notice(notice) if notice.kind == "comment_edit"), "{event:?}");
        assert!(event.raw.is_some());
    }
    edited["photo"] = json!("https://x.example/p.jpg");
    assert!(matches!(sent_at(1, &edited).content, Content::Revision { .. }));
}

#[test]
fn a_conversation_is_a_commenter_under_a_post() {
    let found = events(&[
        comment("5_1", "add", "7", "a"),
        comment("5_2", "add", "7", "b"),
        comment("5_3", "add", "8", "c"),
        comment("5_3", "hide", "1001", "c"),
    ]);
    assert_eq!(found[0].thread.aliases, found[1].thread.aliases);
    assert_ne!(found[0].thread.aliases, found[2].thread.aliases);
    assert_eq!(found[3].thread.aliases, [] as [String; 0]);
    assert_eq!(found[3].thread.evidence, found[2].thread.evidence);
    assert!(found.iter().all(|event| event.thread.partition == "1001_5"), "one post, one order (P4)");
}

#[test]
fn p9_only_signed_requests_pass() {
    let body = webhook(&[comment("5_1", "add", "7", "a")]);
    let check = |headers: &HeaderMap| channel().verify(&WebhookRequest { query: "", headers, body: &body }, 0);
    let signed = |signature: String| {
        HeaderMap::from_iter([("x-hub-signature-256".parse().unwrap(), signature.parse().unwrap())])
    };
    assert_eq!(check(&signed(verify::sign_meta(&body, APP_SECRET))), Ok(()));
    assert_eq!(check(&signed(verify::sign_meta(&body, "another"))), Err(VerifyError::Mismatch));
    assert_eq!(check(&signed("sha1=00".to_owned())), Err(VerifyError::Malformed));
    assert_eq!(check(&HeaderMap::new()), Err(VerifyError::Missing));
}

#[test]
fn the_url_is_checked_with_our_token() {
    let ask = |query: &str| channel().handshake(query);
    assert_eq!(ask("hub.mode=subscribe&hub.challenge=77&hub.verify_token=knock").as_deref(), Ok("77"));
    assert_eq!(ask("hub.mode=subscribe&hub.challenge=77&hub.verify_token=nock"), Err(VerifyError::Mismatch));
}

#[test]
fn all_problems_of_the_settings_are_told_at_once() {
    let settings = Settings::of(&KIND, [("page_id", "my.page"), ("app_secret", "s"), ("token", "t")]).unwrap();
    assert_eq!((KIND.open)(&settings).unwrap_err().0[0].0, "page_id");
    let problems = (KIND.open)(&Settings::default()).unwrap_err().0;
    assert_eq!(problems.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["app_secret", "page_id"]);
    assert_eq!(channel().accounts(), ["1001"]);
    assert!(!format!("{:?}", channel()).contains(APP_SECRET));
}

#[test]
fn what_is_no_webhook_is_an_error() {
    for body in ["", "{", "7", "[]", "null", "{}", r#"{"object":"page"}"#, r#"{"entry":{}}"#] {
        assert!(matches!(channel().decode(&Bytes::from(body), 0), Err(ParseError(_))), "{body}");
    }
}
