//! WhatsApp over its fixtures, and the rules that no single fixture shows.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

mod meta_support;

use bytes::Bytes;
use http::HeaderMap;
use relevo_adapters::{Channel, Content, ParseError, Settings, VerifyError, WebhookRequest, verify, whatsapp::KIND};
use serde_json::{Value, json};

use meta_support::{APP_SECRET, bent, check_bent_payloads, check_fixtures, deliver, fixtures};

fn channel() -> Box<dyn Channel> {
    meta_support::open(
        &KIND,
        &[
            ("account", "10655501"),
            ("waba_id", "20440001"),
            ("app_secret", APP_SECRET),
            ("verify_token", "knock knock"),
        ],
    )
}

#[test]
fn every_fixture_gives_the_events_expected() {
    check_fixtures(&*channel(), "whatsapp");
}

#[test]
fn p7_bent_and_cut_payloads_never_panic() {
    check_bent_payloads(&*channel(), "whatsapp");
}

/// One change with these messages.
fn webhook(messages: &[Value]) -> Bytes {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "20440001", "changes": [{"field": "messages",
        "value": {"metadata": {"phone_number_id": "10655501"}, "messages": messages}}]}]})
    .to_string()
    .into()
}

fn text(id: &str, from: &str) -> Value {
    json!({"from": from, "id": id, "timestamp": "1780000000", "type": "text", "text": {"body": id}})
}

#[test]
fn p7_one_bad_message_hurts_none_of_its_neighbours() {
    let (first, last) = (text("wamid.FIRST", "491"), text("wamid.LAST", "492"));
    let alone = deliver(&*channel(), webhook(&[first.clone(), last.clone()])).unwrap().events;
    for (_, body) in fixtures("whatsapp") {
        let payload: Value = serde_json::from_slice(&body).unwrap();
        let Some(message) = payload.pointer("/entry/0/changes/0/value/messages/0") else { continue };
        for (place, bad) in bent(message) {
            let found = deliver(&*channel(), webhook(&[first.clone(), bad, last.clone()])).unwrap();
            assert_eq!((found.events.first(), found.events.last()), (alone.first(), alone.last()), "{place}");
            assert_eq!(found.events.len() + found.faults.len(), 3, "{place}: the bad one is an event or a fault");
        }
    }
}

#[test]
fn p2_a_redelivery_has_the_same_names_however_it_is_written() {
    for (fixture, body) in fixtures("whatsapp") {
        let compact: Value = serde_json::from_slice(&body).unwrap();
        let once = deliver(&*channel(), body).unwrap().events;
        let again = deliver(&*channel(), compact.to_string().into()).unwrap().events;
        assert_eq!(once, again, "{fixture}");
    }
}

#[test]
fn p2_messages_without_an_id_are_told_apart_by_their_content() {
    let mut nameless = [text("a", "491"), text("b", "491")];
    nameless.iter_mut().for_each(|message| drop(message.as_object_mut().unwrap().remove("id")));
    let events = deliver(&*channel(), webhook(&nameless)).unwrap().events;
    assert_ne!(events[0].dedup, events[1].dedup);
    assert_eq!(events[0].content.message().unwrap().id, None);
}

#[test]
fn p4_a_customer_and_the_receipts_of_the_answers_share_a_partition() {
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages",
        "value": {"metadata": {"phone_number_id": "10655501"},
            "contacts": [{"wa_id": "491", "user_id": "DE.1"}],
            "messages": [text("wamid.A", "491")],
            "statuses": [{"id": "wamid.B", "status": "read", "recipient_id": "491"}]}}]}]});
    let events = deliver(&*channel(), body.to_string().into()).unwrap().events;
    assert_eq!(events[0].thread, events[1].thread);
    assert_eq!(events[0].thread.aliases, ["u:DE.1", "p:491"]);
    assert_eq!(events[0].thread.partition, "u:DE.1");
}

#[test]
fn a_broken_emoji_does_not_lose_the_message() {
    let body = webhook(&[text("wamid.A", "491")]);
    let broken = String::from_utf8(body.to_vec()).unwrap().replace("\"body\":\"wamid.A\"", "\"body\":\"hi \\ud83d\"");
    let events = deliver(&*channel(), broken.into()).unwrap().events;
    assert_eq!(events[0].content.message().unwrap().display(), "hi \u{fffd}");
}

#[test]
fn a_channel_without_a_waba_id_takes_its_number_only() {
    let alone = meta_support::open(&KIND, &[("phone_id", "10655501"), ("app_secret", APP_SECRET)]);
    assert_eq!(alone.accounts(), ["10655501"]);
    let (_, account_fields) = fixtures("whatsapp").into_iter().find(|(name, _)| name == "account_fields").unwrap();
    assert_eq!(deliver(&*alone, account_fields).unwrap().events, []);
    assert_eq!(channel().accounts(), ["10655501", "waba:20440001"]);
    assert!(matches!(
        deliver(&*alone, webhook(&[text("wamid.A", "491")])).unwrap().events[0].content,
        Content::Message(_)
    ));
}

#[test]
fn p9_only_signed_requests_pass() {
    let body = webhook(&[text("wamid.A", "491")]);
    let check = |name: &'static str, value: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        channel().verify(&WebhookRequest { query: "", headers: &headers, body: &body }, 0)
    };
    let good = verify::sign_meta(&body, APP_SECRET);
    assert_eq!(check("x-hub-signature-256", &good), Ok(()));
    assert_eq!(check("x-hub-signature-256", &verify::sign_meta(&body, "another")), Err(VerifyError::Mismatch));
    assert_eq!(check("x-hub-signature-256", &verify::sign_meta(b"other", APP_SECRET)), Err(VerifyError::Mismatch));
    assert_eq!(check("x-hub-signature-256", "sha256=12"), Err(VerifyError::Malformed));
    assert_eq!(check("x-hub-signature", &good.replace("256", "1")), Err(VerifyError::Missing));
}

#[test]
fn the_url_is_checked_with_our_token() {
    let ask =
        |token: &str| channel().handshake(&format!("hub.mode=subscribe&hub.challenge=77&hub.verify_token={token}"));
    assert_eq!(ask("knock%20knock").as_deref(), Ok("77"));
    assert_eq!(ask("knock"), Err(VerifyError::Mismatch));
}

#[test]
fn all_problems_of_the_settings_are_told_at_once() {
    let settings =
        Settings::of(&KIND, [("phone_number_id", "+49 30 1"), ("waba_id", "My Shop"), ("app_secret", "s")]).unwrap();
    let problems = (KIND.open)(&settings).unwrap_err().0;
    assert_eq!(problems.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["phone_number_id", "waba_id"]);
    let problems = (KIND.open)(&Settings::default()).unwrap_err().0;
    assert_eq!(problems.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["app_secret", "phone_number_id"]);
    assert!(!format!("{:?}", channel()).contains(APP_SECRET));
}

#[test]
fn what_is_no_webhook_is_an_error() {
    for body in ["", "{", "7", "[]", "null", "{}", r#"{"object":"whatsapp_business_account"}"#, r#"{"entry":{}}"#] {
        let decoded = channel().decode(&Bytes::from(body), 0);
        assert!(matches!(decoded, Err(ParseError(_))), "{body}");
    }
}
