//! What goes out through a Facebook Page: every act, word for word, and every refusal.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod meta_outbound;

use std::time::Duration;

use relevo_adapters::{
    Channel, MediaKind, MediaSource,
    facebook::KIND,
    outbound::{
        Act, Address, Button, CallBody, ErrorClass, Failure, Outbound, OutboundFile, Quota, Reconciled, Scope,
        SendError, Sent, StoredFile, UnknownOutcome, Wanted,
    },
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use meta_outbound::{
    Asked, GRAPH, Script, TOKEN, check_codes, file, now, open, outbound, parts, refusal, reply, sent_into, text,
};

const BASICS: [(&str, &str); 3] = [("account", "1001"), ("app_secret", "app-secret"), ("graph_url", GRAPH)];

fn channel(more: &[(&str, &str)]) -> Box<dyn Channel> {
    let settings: Vec<_> = BASICS.into_iter().chain([("token", TOKEN)]).chain(more.iter().copied()).collect();
    open(&KIND, &settings).unwrap()
}

/// A thread whose latest comment of the customer's is 555_901.
fn thread() -> Address {
    let keys = ["c:1001_555:777", "m:555_900", "m:555_901"].map(str::to_owned).to_vec();
    Address { keys, last_inbound: Some("555_901".to_owned()), ..Address::default() }
}

/// What `act` asks of the platform, which answers so, and what is made of that.
fn bring(act: Act, answers: &[Value]) -> (Vec<Asked>, Sent) {
    let (channel, script) = (channel(&[]), Script::of(answers.to_vec()));
    let sent = now(channel.outlet().unwrap().send(&script, &outbound(thread(), act))).unwrap();
    let asked = script.asked();
    assert!(asked.iter().all(|asked| asked.bearer.as_deref() == Some(TOKEN)));
    (asked, sent)
}

/// The only call that `act` makes, and its JSON.
fn call_of(act: Act, answer: Value) -> (String, Value) {
    let (asked, sent) = bring(act, &[answer]);
    assert!(asked.len() == 1 && !sent.reported);
    (asked[0].what.clone(), asked[0].json().clone())
}

/// Refused by us: nothing is asked of the platform.
fn refused(act: Act) -> SendError {
    let error = now(channel(&[]).outlet().unwrap().send(&Script::default(), &outbound(thread(), act))).unwrap_err();
    assert_eq!(error.class, ErrorClass::Content, "{error}");
    error
}

fn with_files(words: &str, files: Vec<OutboundFile>) -> Act {
    Act::Text { text: words.to_owned(), html: None, subject: None, files, buttons: Vec::new() }
}

fn image(id: Option<&str>) -> OutboundFile {
    file(MediaKind::Image, "image/jpeg", id)
}

fn target() -> String {
    "555_901".to_owned()
}

#[test]
fn an_answer_goes_under_the_comment_that_it_answers() {
    let made = json!({"id": "555_910"});
    let (what, body) = call_of(text("20 EUR"), made.clone());
    assert_eq!((what.as_str(), body), ("POST /555_901/comments", json!({"message": "20 EUR"})));
    assert_eq!(bring(text("20 EUR"), std::slice::from_ref(&made)).1.refs, ["555_910"]);

    let channel = channel(&[]);
    let asked_of = |message: Outbound| {
        let script = Script::of([made.clone()]);
        now(channel.outlet().unwrap().send(&script, &message)).unwrap();
        script.only().what
    };
    let quoting = Outbound { reply_to: Some("555_800".to_owned()), ..outbound(thread(), text("x")) };
    assert_eq!(asked_of(quoting), "POST /555_800/comments");
    let unknown = Address { last_inbound: None, ..thread() };
    assert_eq!(asked_of(outbound(unknown.clone(), text("x"))), "POST /555_901/comments");
    let history = ["555_901", "555_900", "1_2"].map(str::to_owned).to_vec();
    let by_history = Address { history, ..unknown };
    assert_eq!(asked_of(outbound(by_history, text("x"))), "POST /555_900/comments", "the latest that is a comment");
    let nothing = now(channel.outlet().unwrap().send(&Script::default(), &outbound(Address::default(), text("x"))));
    assert_eq!(nothing.unwrap_err().class, ErrorClass::Recipient);
}

#[test]
fn an_image_goes_with_the_words_or_alone() {
    let made = json!({"id": "555_910"});
    let both = json!({"message": "look", "attachment_id": "9"});
    assert_eq!(call_of(with_files("look", vec![image(Some("9"))]), made.clone()).1, both);
    let captioned = Act::File { file: image(Some("9")), caption: Some("look".to_owned()) };
    assert_eq!(call_of(captioned, made.clone()).1, both);
    let alone = Act::File { file: image(Some("9")), caption: None };
    assert_eq!(call_of(alone, made), ("POST /555_901/comments".to_owned(), json!({"attachment_id": "9"})));
    assert_eq!(refused(Act::File { file: image(None), caption: None }).code, "not_uploaded");
    assert_eq!(refused(with_files("x", vec![image(Some("9")), image(Some("8"))])).code, "too_many");
    let video = file(MediaKind::Video, "video/mp4", Some("9"));
    assert_eq!(refused(Act::File { file: video, caption: None }).code, "file_type");
    let large = OutboundFile { size: (10 << 20) + 1, ..image(Some("9")) };
    assert_eq!(refused(Act::File { file: large, caption: None }).code, "file_size");
}

#[test]
fn comments_are_hidden_shown_deleted_and_liked() {
    let done = json!({"success": true});
    let hide = |hidden| call_of(Act::Hide { target: target(), hidden }, done.clone());
    assert_eq!(hide(true), ("POST /555_901".to_owned(), json!({"is_hidden": true})));
    assert_eq!(hide(false), ("POST /555_901".to_owned(), json!({"is_hidden": false})));
    let bare = |act| {
        let (asked, sent) = bring(act, std::slice::from_ref(&done));
        assert_eq!((&asked[0].body, sent), (&CallBody::Empty, Sent::default()));
        asked[0].what.clone()
    };
    assert_eq!(bare(Act::Delete { target: target() }), "DELETE /555_901");
    let react = |emoji: Option<&str>| bare(Act::Reaction { target: target(), emoji: emoji.map(str::to_owned) });
    assert_eq!(react(Some("👍")), "POST /555_901/likes");
    assert_eq!(react(None), "DELETE /555_901/likes");
    assert_eq!(react(Some("")), "DELETE /555_901/likes");
    let channel = channel(&[]);
    let after = |act, answer: Value| {
        sent_into(channel.outlet().unwrap(), &outbound(thread(), act), reply(200, &answer, &[])).map_err(|e| e.class)
    };
    let delete = || Act::Delete { target: target() };
    assert_eq!(after(delete(), json!({"success": false})), Err(ErrorClass::Unknown));
    assert_eq!(after(delete(), json!("<html>")), Err(ErrorClass::Unknown));
    let like = || Act::Reaction { target: target(), emoji: Some("👍".to_owned()) };
    assert_eq!(after(like(), json!({"id": "x"})), Ok(Sent::default()), "its answer is not documented");
    assert_eq!(after(like(), json!({"success": false})), Err(ErrorClass::Unknown));
    assert_eq!(after(like(), json!("<html>")), Err(ErrorClass::Unknown));
}

#[test]
fn an_edit_keeps_the_photo() {
    let edit = || Act::Edit { target: "555_910".to_owned(), text: "21 EUR".to_owned() };
    let of = |known: Value| {
        let (asked, _) = bring(edit(), &[known, json!({"success": true})]);
        assert_eq!(asked[0].what, "GET /555_910?fields=attachment");
        assert_eq!(asked[1].what, "POST /555_910");
        asked[1].json().clone()
    };
    assert_eq!(of(json!({"id": "555_910"})), json!({"message": "21 EUR"}));
    let photo = json!({"attachment": {"type": "photo", "target": {"id": "9", "url": "x"}}});
    assert_eq!(of(photo), json!({"message": "21 EUR", "attachment_id": "9"}));
    assert_eq!(of(json!({"attachment": {"type": "share", "target": {"id": "9"}}})), json!({"message": "21 EUR"}));
    let lost = Script::replying([Err(Failure::Unknown("reset".to_owned()))]);
    let error = now(channel(&[]).outlet().unwrap().send(&lost, &outbound(thread(), edit()))).unwrap_err();
    assert_eq!(error.class, ErrorClass::Transient, "nothing was changed yet");
}

#[test]
fn a_private_reply_goes_to_the_author_alone() {
    let reply = |words: &str| Act::PrivateReply { target: target(), text: words.to_owned() };
    let answer = json!({"recipient_id": "777", "message_id": "m_1"});
    let (what, body) = call_of(reply("Hola"), answer.clone());
    assert_eq!(what, "POST /1001/messages");
    assert_eq!(body, json!({"recipient": {"comment_id": "555_901"}, "message": {"text": "Hola"}}));
    assert_eq!(bring(reply("Hola"), &[answer]).1.refs, ["m_1"]);
    assert_eq!(refused(reply(&"x".repeat(2001))).code, "too_long");
    assert_eq!(refused(reply(" ")).code, "empty");
}

#[test]
fn what_a_page_does_not_have_or_take_is_never_sent() {
    assert_eq!(refused(text(&"x".repeat(8001))).code, "too_long");
    assert_eq!(refused(text(" ")).code, "empty");
    assert_eq!(refused(Act::Edit { target: target(), text: "x".repeat(8001) }).code, "too_long");
    let button = Button { id: "a".to_owned(), title: "A".to_owned() };
    let buttons = Act::Text { text: "x".to_owned(), html: None, subject: None, files: vec![], buttons: vec![button] };
    assert_eq!(refused(buttons).code, "buttons");
    let acts = [
        Act::Location { latitude: 0.0, longitude: 0.0, name: None, address: None },
        Act::Contacts { cards: Vec::new() },
        Act::Template { name: "x".to_owned(), language: "es".to_owned(), parameters: vec![], components: None },
        Act::Read { target: target() },
        Act::Typing { target: None },
        Act::AnswerCallback { callback: "x".to_owned(), text: None },
    ];
    let sending = KIND.capabilities.sending.unwrap();
    for act in acts {
        assert!(!sending.knows(act.name()));
        assert_eq!(refused(act).code, "unsupported");
    }
    assert!(sending.knows("private_reply") && !sending.may_begin && sending.window_ms.is_none());
    assert_eq!(sending.unknown, UnknownOutcome::Ask);
}

#[test]
fn p5_every_code_of_the_sheet_has_a_class_and_an_explanation() {
    let plain = |codes: &[i64]| codes.iter().map(|&code| (code, None)).collect::<Vec<_>>();
    let with = |code: i64, subcodes: &[i64]| subcodes.iter().map(|&sub| (code, Some(sub))).collect::<Vec<_>>();
    let rows = [
        (ErrorClass::RateLimited, Some(300), plain(&[4, 17, 32, 341, 613, 80001, 80006])),
        (ErrorClass::Transient, None, plain(&[1, 2])),
        (ErrorClass::Auth, None, with(190, &[458, 459, 460, 463, 464, 467, 492])),
        (ErrorClass::Auth, None, plain(&[190, 102, 3, 10, 200, 250, 299])),
        (ErrorClass::Auth, Some(6 * 3600), plain(&[368])),
        (ErrorClass::Recipient, None, with(100, &[33, 2_018_001])),
        (ErrorClass::Recipient, None, with(10, &[2_018_065, 2_018_278])),
        (ErrorClass::Recipient, None, with(200, &[1_545_041, 2_018_108])),
        (ErrorClass::Recipient, None, plain(&[551, 803, 1705, 10900, 10903])),
        (ErrorClass::Content, None, plain(&[100, 506, 1_609_005])),
    ];
    let channel = channel(&[]);
    check_codes(&KIND, channel.outlet().unwrap(), &outbound(thread(), text("Hola")), &rows);

    let message = outbound(thread(), text("Hola"));
    let after = |error: &Value, headers: &[(&str, &str)]| {
        sent_into(channel.outlet().unwrap(), &message, reply(403, error, headers)).unwrap_err()
    };
    let usage = r#"{"1001":[{"type":"pages","call_count":97,"estimated_time_to_regain_access":19}]}"#;
    let limited = after(&refusal(80001, None), &[("X-Business-Use-Case-Usage", usage)]);
    assert_eq!((limited.retry_after, limited.scope), (Some(Duration::from_secs(19 * 60)), Scope::Channel));
    let blocked = after(&refusal(368, Some(1_346_003)), &[]);
    assert_eq!((blocked.class, blocked.code.as_str()), (ErrorClass::Auth, "368"));
    let gone = json!({"error": {"code": 100, "message": "Object with ID '555_901' does not exist"}});
    assert_eq!(after(&gone, &[]).class, ErrorClass::Recipient);
    let passing = json!({"error": {"code": 100, "message": "x", "is_transient": true}});
    assert_eq!(after(&passing, &[]).class, ErrorClass::Transient);
}

#[test]
fn p7_one_comment_that_cannot_be_hidden_does_not_stop_the_page() {
    let channel = channel(&[]);
    let class = |act: Act, code| {
        let answer = reply(403, &refusal(code, None), &[]);
        sent_into(channel.outlet().unwrap(), &outbound(thread(), act), answer).unwrap_err().class
    };
    let acts = || {
        [
            Act::Hide { target: target(), hidden: true },
            Act::Delete { target: target() },
            Act::Edit { target: target(), text: "x".to_owned() },
            Act::Reaction { target: target(), emoji: None },
        ]
    };
    for act in acts() {
        assert_eq!(class(act.clone(), 200), ErrorClass::Content);
        assert_eq!(class(act.clone(), 10), ErrorClass::Content);
        assert_eq!(class(act, 190), ErrorClass::Auth);
    }
    assert_eq!(class(text("x"), 200), ErrorClass::Auth);
}

#[test]
fn p6_what_nobody_confirmed_may_have_been_sent() {
    let channel = channel(&[]);
    let outlet = channel.outlet().unwrap();
    let replies = [text("Hola"), Act::PrivateReply { target: target(), text: "Hola".to_owned() }];
    for act in replies {
        let message = outbound(thread(), act);
        for odd in [json!({}), json!({"id": null}), json!("<html>")] {
            assert_eq!(sent_into(outlet, &message, reply(200, &odd, &[])).unwrap_err().class, ErrorClass::Unknown);
        }
        let after = |failure| now(outlet.send(&Script::replying([Err(failure)]), &message)).unwrap_err().class;
        assert_eq!(after(Failure::Unknown("reset".to_owned())), ErrorClass::Unknown);
        assert_eq!(after(Failure::NotSent("refused".to_owned())), ErrorClass::Transient);
        let html = reply(502, &json!("<html>"), &[]);
        assert_eq!(sent_into(outlet, &message, html).unwrap_err().class, ErrorClass::Unknown);
    }
}

const LIST: &str = "GET /555_901/comments?order=reverse_chronological&filter=stream&limit=50&fields=id,message,from,\
                    created_time,attachment";

/// What becomes of `act` when these are the comments below.
fn looked_for(act: Act, comments: Value) -> Reconciled {
    let (channel, script) = (channel(&[]), Script::of([json!({ "data": comments })]));
    let found = now(channel.outlet().unwrap().reconcile(&script, &outbound(thread(), act))).unwrap();
    assert_eq!(script.only().what, LIST);
    found
}

fn comment(id: &str, from: &str, message: &str) -> Value {
    json!({"id": id, "from": {"id": from, "name": "x"}, "message": message, "created_time": "2026-05-28T10:00:00+0000"})
}

fn sent_as(id: &str) -> Reconciled {
    Reconciled::Sent(Sent { refs: vec![id.to_owned()], ..Sent::default() })
}

#[test]
fn p6_a_comment_of_the_pages_with_our_words_is_ours() {
    let others = json!([comment("1", "777", "20 EUR"), comment("2", "1001", "20 EUR.")]);
    assert_eq!(looked_for(text("20 EUR"), others), Reconciled::NotSent);
    assert_eq!(looked_for(text("20 EUR"), json!([])), Reconciled::NotSent);
    let ours = json!([comment("1", "777", "20 EUR"), comment("3", "1001", "20 EUR"), comment("2", "1001", "20 EUR")]);
    assert_eq!(looked_for(text(" 20 EUR\n"), ours), sent_as("3"));
    assert_eq!(looked_for(text("20 EUR"), json!([{"id": "4", "message": "20 EUR"}])), Reconciled::NobodyKnows);
    assert_eq!(looked_for(text("20 EUR"), json!(null)), Reconciled::NobodyKnows);
}

#[test]
fn p6_an_image_is_known_by_its_photo() {
    let shown = |id: &str, message: &str, photo: &str| {
        let mut comment = comment(id, "1001", message);
        comment["attachment"] = json!({"type": "photo", "target": {"id": photo}});
        comment
    };
    let alone = || Act::File { file: image(Some("9")), caption: None };
    assert_eq!(looked_for(alone(), json!([shown("1", "", "8"), shown("2", "", "9")])), sent_as("2"));
    assert_eq!(looked_for(alone(), json!([shown("1", "", "8")])), Reconciled::NobodyKnows);
    assert_eq!(looked_for(alone(), json!([comment("1", "1001", "")])), Reconciled::NotSent);
    let captioned = Act::File { file: image(Some("9")), caption: Some("look".to_owned()) };
    assert_eq!(looked_for(captioned.clone(), json!([shown("1", "look", "8")])), sent_as("1"));
    assert_eq!(looked_for(captioned, json!([comment("1", "1001", "look")])), Reconciled::NotSent);
}

#[test]
fn p6_while_a_private_reply_is_allowed_none_was_sent() {
    let reply = || Act::PrivateReply { target: target(), text: "Hola".to_owned() };
    let looked = |answer| {
        let (channel, script) = (channel(&[]), Script::of([answer]));
        let found = now(channel.outlet().unwrap().reconcile(&script, &outbound(thread(), reply()))).unwrap();
        assert_eq!(script.only().what, "GET /555_901?fields=can_reply_privately");
        found
    };
    assert_eq!(looked(json!({"can_reply_privately": true})), Reconciled::NotSent);
    assert_eq!(looked(json!({"can_reply_privately": false})), Reconciled::NobodyKnows);
    assert_eq!(looked(json!({})), Reconciled::NobodyKnows);
    let channel = channel(&[]);
    let hide = outbound(thread(), Act::Hide { target: target(), hidden: true });
    assert_eq!(now(channel.outlet().unwrap().reconcile(&Script::default(), &hide)), Ok(Reconciled::NobodyKnows));
    let lost = Script::replying([Err(Failure::Unknown("reset".to_owned()))]);
    let error = now(channel.outlet().unwrap().reconcile(&lost, &outbound(thread(), text("x")))).unwrap_err();
    assert_eq!(error.class, ErrorClass::Transient);
}

#[test]
fn an_image_is_uploaded_unpublished() {
    let (channel, script) = (channel(&[]), Script::of([json!({"id": "9"})]));
    let stored = now(channel.outlet().unwrap().upload(&script, &image(None))).unwrap();
    assert_eq!(stored, Some(StoredFile { id: "9".to_owned(), keeps: Some(Duration::from_secs(3600)) }));
    let asked = script.only();
    assert_eq!(asked.what, "POST /1001/photos");
    let expected = [("published", "false"), ("source", "abab 1000 image/jpeg a file")];
    assert_eq!(parts(&asked.body), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let pdf = file(MediaKind::Document, "application/pdf", None);
    assert!(now(channel.outlet().unwrap().upload(&Script::default(), &pdf)).is_err());
    let nameless = Script::of([json!({})]);
    let error = now(channel.outlet().unwrap().upload(&nameless, &image(None))).unwrap_err();
    assert_eq!(error.class, ErrorClass::Transient);
}

fn wanted(source: MediaSource, extra: Option<Value>) -> Wanted {
    Wanted { source, message: Some(target()), size: None, extra }
}

fn by_url(extra: Option<Value>) -> Wanted {
    wanted(MediaSource::Url { url: "https://scontent.example/a?oe=6a".to_owned() }, extra)
}

/// What is asked to find the file, and where it is.
fn found(wanted: &Wanted, answers: &[Value]) -> Result<(Vec<String>, String), SendError> {
    let (channel, script) = (channel(&[]), Script::of(answers.to_vec()));
    let found = now(channel.outlet().unwrap().locate(&script, wanted))?;
    assert!(found.foreign && found.call.bearer.is_none(), "P9: file servers get no token");
    let asked = script.asked().into_iter().map(|asked| asked.what).collect();
    Ok((asked, found.call.url.expose_secret().to_owned()))
}

#[test]
fn a_customers_file_is_fetched_without_the_token() {
    let direct = found(&by_url(Some(json!({"comment_id": "555_901"}))), &[]).unwrap();
    assert_eq!(direct, (vec![], "https://scontent.example/a?oe=6a".to_owned()));
    let photo = json!({"attachment": {"type": "photo", "media": {"image": {"src": "https://fresh.example/a"}}}});
    let lookup = vec!["GET /555_901?fields=attachment".to_owned()];
    let fresh = (lookup.clone(), "https://fresh.example/a".to_owned());
    assert_eq!(found(&by_url(Some(json!({"refresh": true}))), std::slice::from_ref(&photo)).unwrap(), fresh);
    let sticker = wanted(MediaSource::Platform { id: target() }, None);
    assert_eq!(found(&sticker, &[photo]).unwrap(), fresh);
    let video = json!({"attachment": {"type": "video_inline",
        "media": {"image": {"src": "https://frame.example"}, "source": "https://video.example"}}});
    assert_eq!(found(&sticker, &[video]).unwrap(), (lookup, "https://video.example".to_owned()));
}

#[test]
fn a_file_that_is_gone_says_so() {
    let sticker = wanted(MediaSource::Platform { id: target() }, None);
    for answer in [json!({}), json!({"attachment": {"type": "share"}})] {
        assert_eq!(found(&sticker, &[answer]).unwrap_err().class, ErrorClass::Content);
    }
    let odd = wanted(MediaSource::Url { url: "file:///etc/passwd".to_owned() }, None);
    assert_eq!(found(&odd, &[]).unwrap_err().code, "media_url");
    let channel = channel(&[]);
    let deleted = Script::replying([Ok(reply(400, &refusal(100, Some(33)), &[]))]);
    assert_eq!(now(channel.outlet().unwrap().locate(&deleted, &sticker)).unwrap_err().class, ErrorClass::Content);
    let blob = wanted(MediaSource::Blob { sha256: "x".to_owned() }, None);
    assert!(now(channel.outlet().unwrap().locate(&Script::default(), &blob)).is_err());
}

/// The findings that are bad, with their remedies.
fn broken(script: &Script) -> Vec<String> {
    let found = now(channel(&[]).outlet().unwrap().probe(script, None));
    assert!(!found.is_empty());
    let bad = found.into_iter().filter(|finding| !finding.ok);
    bad.map(|finding| format!("{}: {} | {}", finding.check, finding.found, finding.remedy.unwrap())).collect()
}

#[test]
fn p10_a_page_that_is_set_up_well_says_so() {
    let me = || json!({"id": "1001", "name": "Our Page"});
    let script = Script::of([me(), json!({"data": [{"id": "5", "subscribed_fields": ["mention", "feed"]}]})]);
    assert_eq!(broken(&script), [""; 0]);
    let asked: Vec<String> = script.asked().into_iter().map(|asked| asked.what).collect();
    assert_eq!(asked, ["GET /me?fields=id,name", "GET /1001/subscribed_apps"]);
    let named = json!({"data": [{"subscribed_fields": [{"name": "feed"}]}]});
    assert_eq!(broken(&Script::of([me(), named])), [""; 0]);
}

#[test]
fn p10_what_is_wrong_with_a_page_comes_with_its_remedy() {
    let me = || json!({"id": "1001", "name": "Our Page"});
    let person = broken(&Script::of([json!({"id": "42", "name": "Ida"})]));
    assert!(person.len() == 1 && person[0].contains("“Ida” (42), not of the Page 1001"), "{person:?}");
    for apps in [json!({"data": []}), json!({"data": [{"subscribed_fields": ["messages"]}]})] {
        assert!(broken(&Script::of([me(), apps]))[0].contains("subscribed_fields=feed"));
    }
    let refused = |status, code, sub| broken(&Script::replying([Ok(reply(status, &refusal(code, sub), &[]))]));
    let expired = refused(401, 190, Some(463));
    assert!(expired[0].contains("expired") && expired[0].contains("--set page_access_token=…"), "{expired:?}");
    assert!(refused(401, 190, Some(459))[0].contains("log in to facebook.com"));
    assert!(refused(403, 200, None)[0].contains("pages_manage_engagement"));
    assert!(refused(400, 368, None)[0].contains("stop for some hours"));
    assert!(refused(400, 4, None)[0].contains("limit"));
    assert!(refused(503, 2, None)[0].contains("test again in a minute"));
}

#[test]
fn settings_decide_whether_and_how_fast() {
    assert!(open(&KIND, &BASICS).unwrap().outlet().is_none(), "without a token it receives only");
    let pace = |more: &[(&str, &str)]| channel(more).outlet().unwrap().pacing(&thread());
    assert_eq!(pace(&[]).channel, Quota { interval: Duration::from_millis(200), burst: 20 });
    assert_eq!(pace(&[]).chat, Quota { interval: Duration::from_secs(1), burst: 5 });
    assert_eq!(pace(&[("rate", "2")]).channel, Quota { interval: Duration::from_millis(500), burst: 2 });
    assert!(channel(&[]).outlet().unwrap().destination("Ida").unwrap_err().contains("responder a un comentario"));
    let wrong = [("account", "1"), ("app_secret", "s"), ("graph_url", "x"), ("rate", "x"), ("proof", "x")];
    assert_eq!(open(&KIND, &wrong).unwrap_err(), ["sends_per_second", "graph_url", "appsecret_proof"]);
    let proven = channel(&[("proof", "si")]);
    let script = Script::of([json!({"id": "555_910"})]);
    now(proven.outlet().unwrap().send(&script, &outbound(thread(), text("x")))).unwrap();
    assert!(script.only().what.starts_with("POST /555_901/comments?appsecret_proof="));
}
