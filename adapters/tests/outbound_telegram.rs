//! Telegram's outlet over a scripted Bot API: what is asked, word for word, and what its answers are taken for.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{
    collections::VecDeque,
    pin::pin,
    sync::Mutex,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use relevo_adapters::{
    Channel, ContactCard, Identity, ImapSource, MediaKind, MediaSource, Settings,
    outbound::{
        Act, Address, Button, Call, CallBody, ErrorClass, Failure, Finding, Flow, Io, Letter, MailFailure, Outbound,
        OutboundFile, PartContent, Reply, Scope, SendError, Sent, SmtpServer, StoredFile, UnknownOutcome, Wanted,
    },
    telegram::{ALLOWED_UPDATES, KIND},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

const TOKEN: &str = "7001001:invented-token";

/// What was asked for: method, path after the token, body.
type Asked = (Method, String, CallBody);

/// A Bot API that gives prepared answers and remembers what it was asked.
#[derive(Default)]
struct Api {
    answers: Mutex<VecDeque<Result<Reply, Failure>>>,
    asked: Mutex<Vec<Asked>>,
}

impl Api {
    fn of(answers: impl IntoIterator<Item = Result<Reply, Failure>>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() }
    }

    fn asked(&self) -> Vec<(String, Value)> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .map(|(method, path, body)| {
                assert_eq!(method, Method::POST);
                let CallBody::Json(body) = body else { panic!("no JSON: {body:?}") };
                (path.clone(), body.clone())
            })
            .collect()
    }
}

impl Io for Api {
    fn call(&self, call: Call) -> Flow<'_, Result<Reply, Failure>> {
        assert!(!format!("{call:?}").contains("invented"), "P9: a call shows no token");
        let path = call.url.expose_secret().strip_prefix("https://tg.example/bot7001001:invented-token/").unwrap();
        self.asked.lock().unwrap().push((call.method.clone(), path.to_owned(), call.body.clone()));
        let answer = self.answers.lock().unwrap().pop_front().expect("nobody expected this call");
        Box::pin(async { answer })
    }

    fn mail<'a>(&'a self, _: &'a SmtpServer, _: Letter) -> Flow<'a, Result<String, MailFailure>> {
        panic!("Telegram sends no mail")
    }

    fn blob<'a>(&'a self, _: &'a str) -> Flow<'a, Result<Bytes, Failure>> {
        panic!("files are streamed")
    }

    fn try_smtp<'a>(&'a self, _: &'a SmtpServer) -> Flow<'a, Result<String, MailFailure>> {
        panic!("Telegram sends no mail")
    }

    fn try_imap<'a>(&'a self, _: &'a ImapSource) -> Flow<'a, Result<(), String>> {
        panic!("Telegram reads no mail")
    }
}

/// Runs what never waits.
fn run<T>(flow: impl Future<Output = T>) -> T {
    match pin!(flow).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the double answers at once"),
    }
}

fn reply(status: u16, body: impl ToString) -> Result<Reply, Failure> {
    Ok(Reply { status, headers: HeaderMap::new(), body: Bytes::from(body.to_string()) })
}

fn ok(result: Value) -> Result<Reply, Failure> {
    reply(200, json!({ "ok": true, "result": result }))
}

fn made(chat: i64, message: i64) -> Result<Reply, Failure> {
    ok(json!({ "message_id": message, "chat": { "id": chat }, "date": 1 }))
}

fn refusal(code: u16, description: &str) -> Result<Reply, Failure> {
    reply(code, json!({ "ok": false, "error_code": code, "description": description }))
}

fn bot_with(more: &[(&str, &str)]) -> Box<dyn Channel> {
    let mut pairs = vec![("bot_token", TOKEN), ("secret_token", "s"), ("api_url", "https://tg.example")];
    pairs.extend(more);
    (KIND.open)(&Settings::of(&KIND, pairs).unwrap()).unwrap()
}

fn bot() -> Box<dyn Channel> {
    bot_with(&[])
}

fn to(key: &str) -> Address {
    Address { conversation: "c".to_owned(), keys: vec![key.to_owned()], ..Address::default() }
}

fn message(key: &str, act: Act) -> Outbound {
    Outbound { id: "m".to_owned(), to: to(key), act, reply_to: None, automatic: false }
}

fn text(text: &str) -> Act {
    Act::Text { text: text.to_owned(), html: None, subject: None, files: Vec::new(), buttons: Vec::new() }
}

fn send(api: &Api, message: &Outbound) -> Result<Sent, SendError> {
    let bot = bot();
    let result = run(bot.outlet().unwrap().send(api, message));
    assert!(api.answers.lock().unwrap().is_empty(), "an answer that nobody asked for");
    result
}

/// Sends `act` to `key` with one answer; what was asked, and what came of it.
fn once(key: &str, act: Act, answer: Result<Reply, Failure>) -> ((String, Value), Result<Sent, SendError>) {
    let api = Api::of([answer]);
    let outcome = send(&api, &message(key, act));
    (api.asked().remove(0), outcome)
}

/// The error of a text that Telegram answers with this.
fn error(answer: Result<Reply, Failure>) -> SendError {
    once("chat:4401", text("hola"), answer).1.unwrap_err()
}

/// An act that must be refused without any call.
fn refused_here(act: Act) -> SendError {
    let error = send(&Api::default(), &message("chat:4401", act)).unwrap_err();
    assert_eq!(error.class, ErrorClass::Content, "{error}");
    assert!(!error.reason.es.is_empty() && !error.reason.en.is_empty());
    error
}

#[test]
fn a_text_goes_to_its_chat_and_is_named_as_inbound_events_name_it() {
    let (asked, sent) = once("chat:4401", text("hola <b>"), made(4401, 15));
    assert_eq!(asked, ("sendMessage".to_owned(), json!({ "chat_id": 4401, "text": "hola <b>" })));
    assert_eq!(sent.unwrap(), Sent { refs: vec!["4401/15".to_owned()], ..Sent::default() });
}

#[test]
fn a_text_goes_to_its_topic_and_through_its_business_connection() {
    for (key, expected, named) in [
        ("chat:-1009:77", json!({ "chat_id": -1009, "message_thread_id": 77, "text": "x" }), "-1009/15"),
        ("chat:-1009:1", json!({ "chat_id": -1009, "text": "x" }), "-1009/15"),
        (
            "chat:-1003:direct:4401",
            json!({ "chat_id": -1003, "direct_messages_topic_id": 4401, "text": "x" }),
            "-1003/15",
        ),
        ("biz:bc1:4401", json!({ "chat_id": 4401, "business_connection_id": "bc1", "text": "x" }), "bc1/4401/15"),
    ] {
        let chat = expected["chat_id"].as_i64().unwrap();
        let (asked, sent) = once(key, text("x"), made(chat, 15));
        assert_eq!(asked.1, expected, "{key}");
        assert_eq!(sent.unwrap().refs, [named], "{key}");
    }
}

#[test]
fn an_answer_quotes_what_it_answers_if_that_is_in_the_same_chat() {
    for (answered, quoted) in [("4401/12", true), ("-77/12", false), ("bc1/4401/12", false), ("cb/88", false)] {
        let api = Api::of([made(4401, 15)]);
        let mut message = message("chat:4401", text("x"));
        message.reply_to = Some(answered.to_owned());
        send(&api, &message).unwrap();
        let expected = quoted.then(|| json!({ "message_id": 12, "allow_sending_without_reply": true }));
        assert_eq!(api.asked()[0].1.get("reply_parameters"), expected.as_ref(), "{answered}");
    }
}

#[test]
fn buttons_stand_one_per_row() {
    let button = |id: &str, title: &str| Button { id: id.to_owned(), title: title.to_owned() };
    let with = |buttons| Act::Text { text: "¿?".into(), html: None, subject: None, files: Vec::new(), buttons };
    let (asked, sent) = once("chat:1", with(vec![button("y", "Sí"), button(&"n".repeat(64), "No")]), made(1, 2));
    sent.unwrap();
    let keyboard = json!({ "inline_keyboard": [
        [{ "text": "Sí", "callback_data": "y" }],
        [{ "text": "No", "callback_data": "n".repeat(64) }],
    ] });
    assert_eq!(asked.1, json!({ "chat_id": 1, "text": "¿?", "reply_markup": keyboard }));
    refused_here(with(vec![button("", "x")]));
    refused_here(with(vec![button(&"ñ".repeat(33), "x")]));
    refused_here(with(vec![button("x", &"t".repeat(65))]));
    refused_here(with(vec![button("x", "x"); 101]));
}

#[test]
fn p8_what_is_too_long_is_refused_and_never_sent() {
    let longest = "😀".repeat(2048);
    once("chat:1", text(&longest), made(1, 2)).1.unwrap();
    assert_eq!(refused_here(text(&format!("{longest}."))).code, "too_long");
    assert_eq!(refused_here(text(" \n")).code, "empty");
    refused_here(Act::File { file: file(MediaKind::Image, "image/png", 9), caption: Some("x".repeat(1025)) });
    refused_here(Act::File { file: file(MediaKind::Sticker, "image/webp", 9), caption: Some("x".into()) });
    refused_here(Act::File { file: file(MediaKind::Document, "a/b", (50 << 20) + 1), caption: None });
    refused_here(Act::Edit { target: "1/2".into(), text: "x".repeat(4097) });
    refused_here(Act::AnswerCallback { callback: "1".into(), text: Some("x".repeat(201)) });
}

#[test]
fn what_telegram_does_not_have_is_refused() {
    let template = Act::Template { name: "x".into(), language: "es".into(), parameters: Vec::new(), components: None };
    assert_eq!(refused_here(template).code, "unsupported");
    refused_here(Act::Hide { target: "1/2".into(), hidden: true });
    refused_here(Act::PrivateReply { target: "1/2".into(), text: "x".into() });
    let list = Act::List { text: "x".into(), button: "x".into(), header: None, footer: None, sections: Vec::new() };
    refused_here(list);
    let files = vec![file(MediaKind::Image, "image/png", 9)];
    refused_here(Act::Text { text: "x".into(), html: None, subject: None, files, buttons: Vec::new() });
    refused_here(Act::Contacts { cards: Vec::new() });
    refused_here(Act::Contacts { cards: vec![ContactCard::default(); 2] });
    refused_here(Act::Contacts { cards: vec![ContactCard { name: "Bo".into(), ..ContactCard::default() }] });
    refused_here(Act::Delete { target: "cb/88".into() });
    refused_here(Act::Reaction { target: "bc1/4401/7".into(), emoji: Some("👍".into()) });
}

#[test]
fn what_has_no_telegram_chat_reaches_nobody() {
    let error = send(&Api::default(), &message("mid:a@b", text("x"))).unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (ErrorClass::Recipient, "no_chat"));
}

#[test]
fn places_and_contacts_have_methods_of_their_own() {
    let place = |name: Option<&str>, address: Option<&str>| Act::Location {
        latitude: -33.5,
        longitude: -70.25,
        name: name.map(str::to_owned),
        address: address.map(str::to_owned),
    };
    let point = json!({ "chat_id": 1, "latitude": -33.5, "longitude": -70.25 });
    let ((method, body), _) = once("chat:1", place(None, None), made(1, 2));
    assert_eq!((method.as_str(), &body), ("sendLocation", &point));
    for (given, title, address) in
        [((Some("Tienda"), Some("Calle 1")), "Tienda", "Calle 1"), ((Some("Tienda"), None), "Tienda", "Tienda")]
    {
        let ((method, body), _) = once("chat:1", place(given.0, given.1), made(1, 2));
        let mut expected = point.clone();
        expected["title"] = json!(title);
        expected["address"] = json!(address);
        assert_eq!((method.as_str(), body), ("sendVenue", expected));
    }
    let card = ContactCard {
        name: "Bo Díaz".into(),
        phones: vec!["+4930000".into(), "+4930001".into()],
        data: Some(json!({ "vcard": "BEGIN:VCARD" })),
        ..ContactCard::default()
    };
    let ((method, body), sent) = once("chat:1", Act::Contacts { cards: vec![card] }, made(1, 2));
    assert_eq!(method, "sendContact");
    assert_eq!(
        body,
        json!({ "chat_id": 1, "phone_number": "+4930000", "first_name": "Bo Díaz", "vcard": "BEGIN:VCARD" })
    );
    assert_eq!(sent.unwrap().refs, ["1/2"]);
}

fn file(kind: MediaKind, mime: &str, size: u64) -> OutboundFile {
    OutboundFile {
        sha256: "ab".repeat(32),
        size,
        mime: mime.to_owned(),
        file_name: "foto.png".to_owned(),
        kind,
        platform_id: None,
    }
}

#[test]
fn a_file_is_uploaded_once_and_then_sent_by_its_id() {
    let result = json!({ "message_id": 9, "chat": { "id": 4401 }, "photo": [
        { "file_id": "small", "width": 90, "height": 90 }, { "file_id": "large", "width": 900, "height": 900 }] });
    let api = Api::of([ok(result)]);
    let picture = file(MediaKind::Image, "image/png", 1000);
    let act = Act::File { file: picture.clone(), caption: Some("mire".into()) };
    let mut outbound = message("chat:4401", act);
    outbound.reply_to = Some("4401/3".into());
    let sent = send(&api, &outbound).unwrap();
    assert_eq!(sent.refs, ["4401/9"]);
    assert_eq!(sent.stored, [(picture.sha256.clone(), StoredFile { id: "large".into(), keeps: None })]);
    let (_, path, body) = api.asked.lock().unwrap().remove(0);
    assert_eq!(path, "sendPhoto");
    let CallBody::Multipart(parts) = body else { panic!("no form") };
    let named = |name: &str| parts.iter().find(|part| part.name == name).map(|part| part.content.clone());
    assert_eq!(named("chat_id"), Some(PartContent::Text("4401".into())));
    assert_eq!(named("caption"), Some(PartContent::Text("mire".into())));
    let reply = Some(PartContent::Text(r#"{"allow_sending_without_reply":true,"message_id":3}"#.into()));
    assert_eq!(named("reply_parameters"), reply);
    let PartContent::File { sha256, size, mime, file_name } = named("photo").unwrap() else { panic!("no file") };
    assert_eq!((sha256, size), (picture.sha256.clone(), 1000));
    assert_eq!((mime.as_str(), file_name.as_str()), ("image/png", "foto.png"));

    let known = OutboundFile { platform_id: Some("large".into()), ..picture };
    let ((method, body), sent) = once("chat:4401", Act::File { file: known, caption: None }, made(4401, 10));
    assert_eq!((method.as_str(), body), ("sendPhoto", json!({ "chat_id": 4401, "photo": "large" })));
    assert_eq!(sent.unwrap(), Sent { refs: vec!["4401/10".into()], ..Sent::default() });
}

#[test]
fn a_file_that_telegram_has_forgotten_is_uploaded_again() {
    let document = json!({ "message_id": 9, "chat": { "id": 1 }, "document": { "file_id": "new" } });
    let api = Api::of([refusal(400, "Bad Request: wrong remote file identifier specified"), ok(document)]);
    let known = OutboundFile { platform_id: Some("old".into()), ..file(MediaKind::Document, "application/pdf", 7) };
    let sent = send(&api, &message("chat:1", Act::File { file: known, caption: None })).unwrap();
    assert_eq!(sent.stored[0].1.id, "new");
    let asked = api.asked.lock().unwrap();
    assert!(matches!(&asked[0].2, CallBody::Json(body) if body["document"] == "old"));
    assert!(matches!(&asked[1].2, CallBody::Multipart(_)));
}

#[test]
fn a_group_that_was_upgraded_is_followed_once() {
    let moved = |to: i64| {
        reply(
            400,
            json!({ "ok": false, "error_code": 400, "parameters": { "migrate_to_chat_id": to },
            "description": "Bad Request: group chat was upgraded to a supergroup chat" }),
        )
    };
    let api = Api::of([moved(-1001234), made(-1001234, 5)]);
    let mut outbound = message("chat:-77", text("x"));
    outbound.reply_to = Some("-77/3".into());
    let sent = send(&api, &outbound).unwrap();
    assert_eq!((sent.refs, sent.keys), (vec!["-1001234/5".to_owned()], vec!["chat:-1001234".to_owned()]));
    let asked = api.asked();
    assert_eq!(asked[0].1["chat_id"], -77);
    assert_eq!(asked[1].1, json!({ "chat_id": -1001234, "text": "x" }), "the old group's messages have no ids there");

    let again = Api::of([moved(-1001234), moved(-1005678)]);
    let error = send(&again, &message("chat:-77", text("x"))).unwrap_err();
    assert_eq!(error.class, ErrorClass::Recipient);
}

#[test]
fn messages_are_changed_where_they_stand() {
    let done = || ok(json!(true));
    let emoji = |emoji: Option<&str>| Act::Reaction { target: "-77/5".into(), emoji: emoji.map(str::to_owned) };
    let edit = |target: &str| Act::Edit { target: target.into(), text: "y".into() };
    let delete = |target: &str| Act::Delete { target: target.into() };
    for (act, method, body) in [
        (
            emoji(Some("👍")),
            "setMessageReaction",
            json!({ "chat_id": -77, "message_id": 5, "reaction": [{ "type": "emoji", "emoji": "👍" }] }),
        ),
        (
            emoji(Some("❤\u{fe0f}")),
            "setMessageReaction",
            json!({ "chat_id": -77, "message_id": 5, "reaction": [{ "type": "emoji", "emoji": "❤" }] }),
        ),
        (emoji(None), "setMessageReaction", json!({ "chat_id": -77, "message_id": 5, "reaction": [] })),
        (edit("-77/5"), "editMessageText", json!({ "chat_id": -77, "message_id": 5, "text": "y" })),
        (
            edit("bc1/44/5"),
            "editMessageText",
            json!({ "business_connection_id": "bc1", "chat_id": 44, "message_id": 5, "text": "y" }),
        ),
        (delete("-77/5"), "deleteMessage", json!({ "chat_id": -77, "message_id": 5 })),
        (delete("bc1/44/5"), "deleteBusinessMessages", json!({ "business_connection_id": "bc1", "message_ids": [5] })),
        (
            Act::Read { target: "bc1/44/5".into() },
            "readBusinessMessage",
            json!({ "business_connection_id": "bc1", "chat_id": 44, "message_id": 5 }),
        ),
        (
            Act::Typing { target: None },
            "sendChatAction",
            json!({ "chat_id": -1009, "message_thread_id": 7, "action": "typing" }),
        ),
        (
            Act::AnswerCallback { callback: "88".into(), text: Some("ok".into()) },
            "answerCallbackQuery",
            json!({ "callback_query_id": "88", "text": "ok" }),
        ),
        (
            Act::AnswerCallback { callback: "88".into(), text: None },
            "answerCallbackQuery",
            json!({ "callback_query_id": "88" }),
        ),
    ] {
        let (asked, sent) = once("chat:-1009:7", act, done());
        assert_eq!(asked, (method.to_owned(), body));
        assert_eq!(sent.unwrap(), Sent::default());
    }
}

#[test]
fn only_business_chats_are_marked_as_read() {
    let read = Act::Read { target: "4401/5".into() };
    assert_eq!(send(&Api::default(), &message("chat:4401", read)).unwrap(), Sent::default());
}

#[test]
fn what_is_already_so_is_done() {
    for (act, description) in [
        (Act::Edit { target: "1/2".into(), text: "x".into() }, "Bad Request: message is not modified: specified new …"),
        (Act::Delete { target: "1/2".into() }, "Bad Request: message to delete not found"),
        (
            Act::AnswerCallback { callback: "8".into(), text: None },
            "Bad Request: query is too old and response timeout expired or query ID is invalid",
        ),
    ] {
        assert_eq!(once("chat:1", act, refusal(400, description)).1.unwrap(), Sent::default(), "{description}");
    }
}

#[test]
fn a_message_without_text_has_its_caption_edited() {
    let api = Api::of([refusal(400, "Bad Request: there is no text in the message to edit"), ok(json!({}))]);
    send(&api, &message("chat:1", Act::Edit { target: "1/2".into(), text: "nuevo".into() })).unwrap();
    let expected = json!({ "chat_id": 1, "message_id": 2, "caption": "nuevo" });
    assert_eq!(api.asked()[1], ("editMessageCaption".to_owned(), expected));
}

#[test]
fn p5_every_refusal_has_a_class_and_words_for_an_agent() {
    use ErrorClass::{Auth, Content, RateLimited, Recipient, Transient};
    for (code, description, class, scope) in [
        (429, "Too Many Requests: retry after 5", RateLimited, Scope::Chat),
        (500, "Internal Server Error: restart", Transient, Scope::Chat),
        (502, "Bad Gateway", Transient, Scope::Chat),
        (400, "Bad Request: wrong file_id or the file is temporarily unavailable", Transient, Scope::Chat),
        (400, "Bad Request: failed to get HTTP URL content", Transient, Scope::Chat),
        (400, "Bad Request: group chat was upgraded to a supergroup chat", Recipient, Scope::Chat),
        (403, "Forbidden: bot was blocked by the user", Recipient, Scope::Chat),
        (403, "Forbidden: user is deactivated", Recipient, Scope::Chat),
        (403, "Forbidden: bot was kicked from the supergroup chat", Recipient, Scope::Chat),
        (403, "Forbidden: bot is not a member of the channel chat", Recipient, Scope::Chat),
        (403, "Forbidden: the group chat was deleted", Recipient, Scope::Chat),
        (403, "Forbidden: bot can't initiate conversation with a user", Recipient, Scope::Chat),
        (403, "Forbidden: bot can't send messages to bots", Recipient, Scope::Chat),
        (403, "Forbidden: something new", Recipient, Scope::Chat),
        (400, "Bad Request: USER_IS_BLOCKED", Recipient, Scope::Chat),
        (400, "Bad Request: INPUT_USER_DEACTIVATED", Recipient, Scope::Chat),
        (400, "Bad Request: USER_IS_BOT", Recipient, Scope::Chat),
        (400, "Bad Request: CHANNEL_PRIVATE", Recipient, Scope::Chat),
        (400, "Bad Request: USER_PRIVACY_RESTRICTED", Recipient, Scope::Chat),
        (400, "Bad Request: chat not found", Recipient, Scope::Chat),
        (400, "Bad Request: have no access to the user", Recipient, Scope::Chat),
        (400, "Bad Request: message text is empty", Content, Scope::Chat),
        (400, "Bad Request: message is too long", Content, Scope::Chat),
        (400, "Bad Request: MESSAGE_TOO_LONG", Content, Scope::Chat),
        (400, "Bad Request: message caption is too long", Content, Scope::Chat),
        (400, "Bad Request: can't parse entities: unexpected end at byte offset 7", Content, Scope::Chat),
        (400, "Bad Request: BUTTON_DATA_INVALID", Content, Scope::Chat),
        (400, "Bad Request: wrong type of the web page content", Content, Scope::Chat),
        (400, "Bad Request: PHOTO_INVALID_DIMENSIONS", Content, Scope::Chat),
        (400, "Bad Request: message is not modified", Content, Scope::Chat),
        (413, "Request Entity Too Large", Content, Scope::Chat),
        (400, "Bad Request: message to be replied not found", Content, Scope::Chat),
        (400, "Bad Request: message to edit not found", Content, Scope::Chat),
        (400, "Bad Request: message thread not found", Recipient, Scope::Chat),
        (400, "Bad Request: TOPIC_CLOSED", Recipient, Scope::Chat),
        (400, "Bad Request: not enough rights to send text messages to the chat", Recipient, Scope::Chat),
        (401, "Unauthorized", Auth, Scope::Channel),
        (401, "Unauthorized: invalid token specified", Auth, Scope::Channel),
        (404, "Not Found", Auth, Scope::Channel),
        (400, "Logged out", Auth, Scope::Channel),
        (409, "Conflict: terminated by other getUpdates request", Transient, Scope::Channel),
        (404, "Not Found: method not found", Content, Scope::Chat),
        (421, "Misdirected Request", Auth, Scope::Channel),
        (400, "Bad Request: something new", Content, Scope::Chat),
        (418, "I'm a teapot", Content, Scope::Chat),
    ] {
        let found = error(refusal(code, description));
        assert_eq!((found.class, found.scope), (class, scope), "{code} {description}");
        assert_eq!((found.code, found.detail), (code.to_string(), description.to_owned()));
        assert!(found.reason.es.len() > 20 && found.reason.en.len() > 20, "{description}");
    }
}

#[test]
fn signs_are_found_in_any_case() {
    let shouted = error(refusal(403, "FORBIDDEN: BOT WAS BLOCKED BY THE USER"));
    assert_eq!(shouted.reason, error(refusal(403, "Forbidden: bot was blocked by the user")).reason);
    assert_ne!(shouted.reason, error(refusal(403, "Forbidden: user is deactivated")).reason);
}

#[test]
fn a_wait_is_taken_from_wherever_telegram_says_it() {
    let limited = |body: Value, header: Option<&'static str>| {
        let mut headers = HeaderMap::new();
        headers.extend(header.map(|value| (http::header::RETRY_AFTER, HeaderValue::from_static(value))));
        error(Ok(Reply { status: 429, headers, body: Bytes::from(body.to_string()) })).retry_after
    };
    let body =
        |more: Value| json!({ "ok": false, "error_code": 429, "description": "Too Many Requests", "parameters": more });
    assert_eq!(limited(body(json!({ "retry_after": 3601 })), Some("9")), Some(Duration::from_secs(3601)));
    assert_eq!(limited(body(json!({})), Some("9")), Some(Duration::from_secs(9)));
    let worded = json!({ "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 17" });
    assert_eq!(limited(worded, None), Some(Duration::from_secs(17)));
    assert_eq!(limited(body(json!({})), None), None);
}

#[test]
fn a_limit_without_a_chat_is_the_channels() {
    let act = Act::AnswerCallback { callback: "8".into(), text: None };
    let error = once("chat:1", act, refusal(429, "Too Many Requests: retry after 3")).1.unwrap_err();
    assert_eq!((error.class, error.scope), (ErrorClass::RateLimited, Scope::Channel));
}

#[test]
fn p6_a_success_that_names_no_message_is_no_success_and_no_failure() {
    for answer in [
        ok(json!(true)),
        ok(json!({ "chat": { "id": 1 } })),
        ok(json!({ "message_id": 0 })),
        reply(200, "<html>"),
        reply(200, ""),
        reply(200, json!({ "ok": true })),
    ] {
        assert_eq!(error(answer).class, ErrorClass::Unknown);
    }
    assert_eq!(KIND.capabilities.sending.unwrap().unknown, UnknownOutcome::Flag);
}

#[test]
fn p6_a_lost_answer_is_unknown_and_a_lost_connection_is_not_sent() {
    assert_eq!(error(Err(Failure::Unknown("reset".into()))).class, ErrorClass::Unknown);
    assert_eq!(error(Err(Failure::NotSent("refused".into()))).class, ErrorClass::Transient);
    assert_eq!(error(Err(Failure::Local("gone".into()))).class, ErrorClass::Content);
    assert_eq!(error(reply(502, "<html>Bad Gateway</html>")).class, ErrorClass::Transient);
    assert_eq!(error(reply(403, "<html>")).detail, "HTTP 403");
}

#[test]
fn p9_an_error_tells_no_token_and_is_bounded() {
    let error = error(refusal(400, &format!("Bad Request: strange URL /bot{TOKEN}/x {}", "y".repeat(2000))));
    assert!(!format!("{error} {error:?}").contains("invented"), "{error}");
    assert!(error.detail.len() <= 500 && error.detail.contains("***"));
}

fn locate(api: &Api, wanted: &Wanted) -> Result<(String, bool, Option<u64>), SendError> {
    let bot = bot();
    let located = run(bot.outlet().unwrap().locate(api, wanted))?;
    assert_eq!(located.call.method, Method::GET);
    Ok((located.call.url.expose_secret().to_owned(), located.foreign, located.size))
}

fn wanted(id: &str, size: Option<u64>) -> Wanted {
    Wanted { source: MediaSource::Platform { id: id.to_owned() }, message: None, size, extra: None }
}

#[test]
fn a_customers_file_is_found() {
    let api = Api::of([ok(json!({ "file_id": "AgA1", "file_size": 77, "file_path": "photos/file 1.jpg" }))]);
    let (url, foreign, size) = locate(&api, &wanted("AgA1", None)).unwrap();
    assert_eq!(url, format!("https://tg.example/file/bot{TOKEN}/photos/file%201.jpg"));
    assert!(!foreign);
    assert_eq!(size, Some(77));
    assert_eq!(api.asked(), [("getFile".to_owned(), json!({ "file_id": "AgA1" }))]);
}

#[test]
fn p8_a_file_that_is_too_large_is_explained_and_one_that_is_away_is_waited_for() {
    let error = |answer| locate(&Api::of([answer]), &wanted("x", None)).unwrap_err();
    let big = error(refusal(400, "Bad Request: file is too big"));
    assert!(big.class == ErrorClass::Content && big.reason.es.contains("20 MB"));
    let known = locate(&Api::default(), &wanted("x", Some((20 << 20) + 1))).unwrap_err();
    assert_eq!((known.class, known.reason), (ErrorClass::Content, big.reason));
    let away = refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable");
    assert_eq!(error(away).class, ErrorClass::Transient);
    assert_eq!(error(Err(Failure::Unknown("reset".into()))).class, ErrorClass::Transient, "looking changes nothing");
    for path in [json!(null), json!("/var/lib/x"), json!("a/../../b"), json!("")] {
        assert_eq!(error(ok(json!({ "file_path": path }))).class, ErrorClass::Content);
    }
    let url = Wanted { source: MediaSource::Url { url: "https://x".into() }, ..wanted("x", None) };
    assert_eq!(locate(&Api::default(), &url).unwrap_err().class, ErrorClass::Content);
}

#[test]
fn the_pace_is_telegrams_or_the_operators() {
    let pacing = |bot: &dyn Channel, key: &str| bot.outlet().unwrap().pacing(&to(key));
    let usual = pacing(&*bot(), "chat:4401");
    assert_eq!((usual.channel.interval, usual.channel.burst), (Duration::from_millis(40), 4));
    assert_eq!((usual.chat.interval, usual.chat.burst), (Duration::from_secs(1), 1));
    assert_eq!(pacing(&*bot(), "biz:bc1:4401").chat.interval, Duration::from_secs(1));
    for group in ["chat:-77", "chat:-1009:77"] {
        assert_eq!(pacing(&*bot(), group).chat.interval, Duration::from_secs(3), "{group}");
    }
    let slow = pacing(&*bot_with(&[("sends_per_second", "5")]), "chat:1").channel;
    assert_eq!((slow.interval, slow.burst), (Duration::from_millis(200), 4));
}

#[test]
fn a_destination_is_a_chat_id() {
    let bot = bot();
    let destination = |text: &str| bot.outlet().unwrap().destination(text);
    let person = destination(" 4401 ").unwrap();
    assert_eq!(person.keys, ["chat:4401"]);
    assert_eq!(person.identities, [Identity::new(Identity::TELEGRAM, "4401")]);
    assert_eq!(person.account, "4401");
    let group = destination("-1001234567890").unwrap();
    assert_eq!((group.keys, group.identities), (vec!["chat:-1001234567890".to_owned()], Vec::new()));
    assert!(destination("@ida_ruiz").unwrap_err().contains("nombre de usuario"));
    for wrong in ["", "0", "+44", "ida", "--1", "1.5", "99999999999999999999"] {
        assert!(destination(wrong).unwrap_err().contains("identificador numérico"), "{wrong}");
    }
}

fn probe(bot: &dyn Channel, answers: Vec<Result<Reply, Failure>>) -> Vec<Finding> {
    run(bot.outlet().unwrap().probe(&Api::of(answers), Some("https://hook.example/tg/1")))
}

fn me() -> Result<Reply, Failure> {
    ok(json!({ "id": 7_001_001, "is_bot": true, "username": "shop_bot" }))
}

#[test]
fn p10_a_sound_webhook_is_called_sound() {
    let info = json!({ "url": "https://hook.example/tg/1", "pending_update_count": 0,
        "allowed_updates": ALLOWED_UPDATES, "last_error_date": 1_780_000_000, "last_error_message": "old" });
    let findings = probe(&*bot(), vec![me(), ok(info)]);
    assert_eq!(findings.len(), 4);
    assert!(findings.iter().all(|finding| finding.ok && finding.remedy.is_none()), "{findings:#?}");
    assert!(findings[0].found.contains("@shop_bot"));
}

#[test]
fn p10_a_broken_webhook_is_explained() {
    let info = json!({ "url": "https://other.example", "pending_update_count": 7, "last_error_date": 1_780_000_000,
        "last_error_message": "Wrong response from the webhook: 500 Internal Server Error" });
    let findings = probe(&*bot(), vec![me(), ok(info)]);
    let bad: Vec<&Finding> = findings.iter().filter(|finding| !finding.ok).collect();
    assert_eq!(bad.len(), 3, "{findings:#?}");
    assert!(bad.iter().all(|finding| finding.remedy.is_some()));
    assert!(bad[0].found.contains("other.example"));
    assert_eq!(bad[1].found, "not sent to us: message_reaction, message_reaction_count, chat_member");
    assert!(bad[2].found.contains("500 Internal Server Error") && bad[2].found.contains("7 updates wait"));

    let none =
        probe(&*bot(), vec![me(), ok(json!({ "url": "", "pending_update_count": 0, "allowed_updates": ["message"] }))]);
    assert!(none[1].found.contains("no webhook") && none[2].found.contains("callback_query"), "{none:#?}");
}

#[test]
fn p10_a_polled_bot_has_no_webhook() {
    let polling = bot_with(&[("mode", "polling")]);
    let findings = probe(&*polling, vec![me(), ok(json!({ "url": "", "pending_update_count": 3 }))]);
    assert!(findings.len() == 2 && findings[1].ok, "{findings:#?}");
    let findings = probe(&*polling, vec![me(), ok(json!({ "url": "https://hook.example" }))]);
    assert!(!findings[1].ok && findings[1].remedy.as_ref().unwrap().contains("deleteWebhook"));
}

#[test]
fn p10_a_token_that_is_not_taken_is_explained() {
    for answer in [
        refusal(401, "Unauthorized"),
        refusal(404, "Not Found"),
        Err(Failure::NotSent("no route".into())),
        ok(json!({ "id": 5 })),
        ok(json!({})),
        reply(200, "<html>"),
    ] {
        let findings = probe(&*bot(), vec![answer]);
        assert!(findings.len() == 1 && !findings[0].ok && findings[0].remedy.is_some(), "{findings:#?}");
        assert!(!format!("{findings:?}").contains("invented"));
    }
}

#[test]
fn a_webhook_is_registered_with_everything_said() {
    let api = Api::of([ok(json!(true))]);
    let bot = bot();
    let secret = SecretString::from("s_1");
    run(bot.outlet().unwrap().register(&api, "https://hook.example/tg/1", &secret)).unwrap();
    let expected = json!({ "url": "https://hook.example/tg/1", "secret_token": "s_1", "max_connections": 40,
        "allowed_updates": ALLOWED_UPDATES, "drop_pending_updates": false });
    assert_eq!(api.asked(), [("setWebhook".to_owned(), expected)]);
}

#[test]
fn a_webhook_is_not_registered_where_it_would_do_harm() {
    let register = |bot: &dyn Channel, secret: &str, answers: Vec<Result<Reply, Failure>>| {
        let secret = SecretString::from(secret);
        run(bot.outlet().unwrap().register(&Api::of(answers), "https://hook.example", &secret)).unwrap_err()
    };
    assert_eq!(register(&*bot_with(&[("mode", "polling")]), "s", Vec::new()).code, "polling");
    assert_eq!(register(&*bot(), "with space", Vec::new()).code, "secret_token");
    let refused = refusal(400, "Bad Request: bad webhook: HTTPS url must be provided for webhook");
    assert_eq!(register(&*bot(), "s", vec![refused]).class, ErrorClass::Content);
    let lost = Err(Failure::Unknown("reset".into()));
    assert_eq!(register(&*bot(), "s", vec![lost]).class, ErrorClass::Transient, "it can be repeated");
}

#[test]
fn codes_are_explained() {
    for (code, class) in [
        ("429", ErrorClass::RateLimited),
        ("403", ErrorClass::Recipient),
        ("401", ErrorClass::Auth),
        ("404", ErrorClass::Auth),
        ("421", ErrorClass::Auth),
        ("409", ErrorClass::Transient),
        ("413", ErrorClass::Content),
        ("400", ErrorClass::Content),
        ("500", ErrorClass::Transient),
        ("503", ErrorClass::Transient),
    ] {
        let (found, reason) = (KIND.explain)(code).unwrap();
        assert_eq!(found, class, "{code}");
        assert!(!reason.es.is_empty() && !reason.en.is_empty());
    }
    for unknown in ["", "x", "200", "999999"] {
        assert!((KIND.explain)(unknown).is_none(), "{unknown}");
    }
}

#[test]
fn what_can_be_sent_is_what_is_offered() {
    let sending = KIND.capabilities.sending.unwrap();
    assert!(!sending.may_begin && sending.window_ms.is_none());
    for kind in [MediaKind::Image, MediaKind::Voice, MediaKind::Document, MediaKind::Animation] {
        assert_eq!(sending.rule(kind, "x/y").map(|rule| (rule.max_bytes, rule.caption)), Some((50 << 20, true)));
    }
    assert!(sending.rule(MediaKind::Sticker, "image/png").is_none());
    assert!(!sending.rule(MediaKind::Sticker, "image/webp").unwrap().caption);
    for act in ["template", "list", "hide", "private_reply"] {
        assert!(!sending.knows(act), "{act}");
    }
}
