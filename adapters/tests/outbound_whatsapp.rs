//! What goes out through WhatsApp: every act, word for word, and every refusal.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod meta_outbound;

use std::time::Duration;

use relevo_adapters::{
    Channel, ContactCard, Identity, MediaKind, MediaSource,
    outbound::{
        Act, Address, Button, ErrorClass, Failure, ListRow, ListSection, Located, Outbound, OutboundFile, Quota,
        Reconciled, Scope, SendError, StoredFile, UnknownOutcome, Wanted,
    },
    whatsapp::KIND,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use meta_outbound::{
    GRAPH, Script, TOKEN, check_codes, file, now, open, outbound, parts, refusal, reply, sent_into, text,
};

const BASICS: [(&str, &str); 3] = [("account", "10655501"), ("app_secret", "app-secret"), ("graph_url", GRAPH)];

fn channel(more: &[(&str, &str)]) -> Box<dyn Channel> {
    let settings: Vec<_> = BASICS.into_iter().chain([("access_token", TOKEN)]).chain(more.iter().copied()).collect();
    open(&KIND, &settings).unwrap()
}

fn ida() -> Address {
    let keys = ["p:4915112345", "u:DE.99"].map(str::to_owned).to_vec();
    Address { keys, last_inbound: Some("wamid.LAST".to_owned()), ..Address::default() }
}

fn accepted() -> Value {
    json!({"messaging_product": "whatsapp",
        "contacts": [{"input": "+4915112345", "wa_id": "4915112345", "user_id": "DE.99"}],
        "messages": [{"id": "wamid.X"}]})
}

/// The body with which `message` leaves.
fn body_of(message: &Outbound) -> Value {
    let (channel, script) = (channel(&[]), Script::of([accepted()]));
    now(channel.outlet().unwrap().send(&script, message)).unwrap();
    let asked = script.only();
    assert_eq!((asked.what.as_str(), asked.bearer.as_deref()), ("POST /10655501/messages", Some(TOKEN)));
    asked.json().clone()
}

/// What every message has beside its content.
fn envelope(kind: &str, content: Value) -> Value {
    json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+4915112345", "type": kind,
        kind: content, "biz_opaque_callback_data": "0197-ours"})
}

fn check_act(act: Act, kind: &str, content: Value) {
    assert_eq!(body_of(&outbound(ida(), act)), envelope(kind, content));
}

/// Refused by us: nothing is asked of the platform.
fn refused(act: Act) -> SendError {
    let error = now(channel(&[]).outlet().unwrap().send(&Script::default(), &outbound(ida(), act))).unwrap_err();
    assert_eq!(error.class, ErrorClass::Content, "{error}");
    assert!(!error.reason.es.is_empty() && !error.reason.en.is_empty());
    error
}

fn with_buttons(words: &str, buttons: Vec<Button>) -> Act {
    match text(words) {
        Act::Text { text, html, subject, files, .. } => Act::Text { text, html, subject, files, buttons },
        _ => unreachable!(),
    }
}

fn button(id: &str, title: &str) -> Button {
    Button { id: id.to_owned(), title: title.to_owned() }
}

fn row(id: &str, title: &str) -> ListRow {
    ListRow { id: id.to_owned(), title: title.to_owned(), description: None }
}

fn list(text: &str, button: &str, sections: Vec<ListSection>) -> Act {
    Act::List { text: text.to_owned(), button: button.to_owned(), header: None, footer: None, sections }
}

fn section(title: &str, rows: Vec<ListRow>) -> ListSection {
    ListSection { title: title.to_owned(), rows }
}

fn template(parameters: &[&str], components: Option<Value>) -> Act {
    let parameters = parameters.iter().map(|&words| words.to_owned()).collect();
    Act::Template { name: "saludo".to_owned(), language: "es".to_owned(), parameters, components }
}

#[test]
fn a_text_goes_to_the_number_under_our_mark() {
    check_act(text("Hola"), "text", json!({"body": "Hola", "preview_url": false}));
    check_act(text("ver https://x.y"), "text", json!({"body": "ver https://x.y", "preview_url": true}));
    let quoting = Outbound { reply_to: Some("wamid.IN".to_owned()), ..outbound(ida(), text("sí")) };
    assert_eq!(body_of(&quoting)["context"], json!({"message_id": "wamid.IN"}));
}

#[test]
fn who_has_no_number_is_reached_by_id_and_a_group_as_a_group() {
    let to = |keys: &[&str]| Address { keys: keys.iter().map(|&key| key.to_owned()).collect(), ..Address::default() };
    let body = body_of(&outbound(to(&["u:DE.99"]), text("Hola")));
    assert_eq!((&body["recipient"], body.get("to")), (&json!("DE.99"), None));
    let body = body_of(&outbound(to(&["g:G-1"]), text("Hola")));
    assert_eq!((&body["recipient_type"], &body["to"]), (&json!("group"), &json!("G-1")));
    let nobody = outbound(to(&[]), text("Hola"));
    let error = now(channel(&[]).outlet().unwrap().send(&Script::default(), &nobody)).unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (ErrorClass::Recipient, "nobody"));
}

#[test]
fn files_go_by_the_id_of_their_upload() {
    let act = |kind, mime: &str, caption: Option<&str>| Act::File {
        file: file(kind, mime, Some("M1")),
        caption: caption.map(str::to_owned),
    };
    check_act(act(MediaKind::Image, "image/png", Some("look")), "image", json!({"id": "M1", "caption": "look"}));
    check_act(act(MediaKind::Image, "image/jpeg", Some(" ")), "image", json!({"id": "M1"}));
    check_act(act(MediaKind::Video, "video/mp4", Some("v")), "video", json!({"id": "M1", "caption": "v"}));
    check_act(act(MediaKind::Animation, "video/mp4", None), "video", json!({"id": "M1"}));
    check_act(act(MediaKind::Audio, "audio/mpeg", None), "audio", json!({"id": "M1"}));
    check_act(act(MediaKind::Voice, "audio/ogg", None), "audio", json!({"id": "M1", "voice": true}));
    check_act(act(MediaKind::Voice, "audio/mpeg", None), "audio", json!({"id": "M1"}));
    check_act(act(MediaKind::Sticker, "image/webp", None), "sticker", json!({"id": "M1"}));
    let document = json!({"id": "M1", "caption": "doc", "filename": "a file"});
    check_act(act(MediaKind::Document, "application/pdf", Some("doc")), "document", document);
}

#[test]
fn places_and_cards_are_written_as_whatsapp_reads_them() {
    let place = |name: Option<&str>, latitude| Act::Location {
        latitude,
        longitude: -70.6,
        name: name.map(str::to_owned),
        address: name.map(|_| "Alameda 1".to_owned()),
    };
    let named = json!({"latitude": -33.4, "longitude": -70.6, "name": "Oficina", "address": "Alameda 1"});
    check_act(place(Some("Oficina"), -33.4), "location", named);
    check_act(place(None, -33.4), "location", json!({"latitude": -33.4, "longitude": -70.6}));
    [91.0, f64::NAN, f64::INFINITY].into_iter().for_each(|wrong| drop(refused(place(None, wrong))));
    let bo = ContactCard {
        name: "Bo X".to_owned(),
        phones: vec!["+49 30 1".to_owned()],
        emails: vec!["bo@x.y".to_owned()],
        data: None,
    };
    let nameless = ContactCard { phones: vec!["+49 30 2".to_owned()], ..ContactCard::default() };
    check_act(
        Act::Contacts { cards: vec![bo.clone(), nameless] },
        "contacts",
        json!([{"name": {"formatted_name": "Bo X", "first_name": "Bo X"}, "phones": [{"phone": "+49 30 1"}],
                "emails": [{"email": "bo@x.y"}]},
            {"name": {"formatted_name": "+49 30 2", "first_name": "+49 30 2"}, "phones": [{"phone": "+49 30 2"}]}]),
    );
    refused(Act::Contacts { cards: Vec::new() });
    refused(Act::Contacts { cards: vec![ContactCard::default()] });
    refused(Act::Contacts { cards: vec![bo; 258] });
}

#[test]
fn buttons_and_lists_are_interactive() {
    check_act(
        with_buttons("¿Listo?", vec![button("si", "Sí"), button("no", "No")]),
        "interactive",
        json!({"type": "button", "body": {"text": "¿Listo?"}, "action": {"buttons": [
            {"type": "reply", "reply": {"id": "si", "title": "Sí"}},
            {"type": "reply", "reply": {"id": "no", "title": "No"}}]}}),
    );
    let described = ListRow { description: Some("hoy".to_owned()), ..row("1", "Uno") };
    let whole = Act::List {
        text: "Elija".to_owned(),
        button: "Ver".to_owned(),
        header: Some("Menú".to_owned()),
        footer: Some("Gracias".to_owned()),
        sections: vec![section("A", vec![described]), section("B", vec![row("2", "Dos")])],
    };
    check_act(
        whole,
        "interactive",
        json!({"type": "list", "header": {"type": "text", "text": "Menú"}, "body": {"text": "Elija"},
            "footer": {"text": "Gracias"}, "action": {"button": "Ver", "sections": [
                {"title": "A", "rows": [{"id": "1", "title": "Uno", "description": "hoy"}]},
                {"title": "B", "rows": [{"id": "2", "title": "Dos"}]}]}}),
    );
    check_act(
        list("Elija", "Ver", vec![section("", vec![row("1", "Uno")])]),
        "interactive",
        json!({"type": "list", "body": {"text": "Elija"},
            "action": {"button": "Ver", "sections": [{"rows": [{"id": "1", "title": "Uno"}]}]}}),
    );
}

#[test]
fn a_template_takes_parameters_or_whatsapps_own_words() {
    let bare = json!({"name": "saludo", "language": {"code": "es"}});
    check_act(template(&[], None), "template", bare.clone());
    let mut filled = bare.clone();
    filled["components"] = json!([{"type": "body", "parameters": [{"type": "text", "text": "Ida"}]}]);
    check_act(template(&["Ida"], None), "template", filled);
    let own = json!([{"type": "button", "sub_type": "quick_reply", "index": "0",
        "parameters": [{"type": "payload", "payload": "p"}]}]);
    let mut with_own = bare;
    with_own["components"] = own.clone();
    check_act(template(&["ignored"], Some(own)), "template", with_own);
    refused(template(&[], Some(json!({"type": "body"}))));
    refused(template(&[], Some(json!(["body"]))));
    refused(template(&[" "], None));
}

#[test]
fn reactions_reads_and_typing_are_no_messages() {
    let reaction =
        |emoji: Option<&str>| Act::Reaction { target: "wamid.IN".to_owned(), emoji: emoji.map(str::to_owned) };
    check_act(reaction(Some("👍")), "reaction", json!({"message_id": "wamid.IN", "emoji": "👍"}));
    check_act(reaction(None), "reaction", json!({"message_id": "wamid.IN", "emoji": ""}));
    let quoting = Outbound { reply_to: Some("wamid.IN".to_owned()), ..outbound(ida(), reaction(Some("👍"))) };
    assert_eq!(body_of(&quoting).get("context"), None);

    let (channel, done) = (channel(&[]), || Script::of([json!({"success": true})]));
    let sent = |act: Act| {
        let script = done();
        let sent = now(channel.outlet().unwrap().send(&script, &outbound(ida(), act))).unwrap();
        assert_eq!((sent.refs.len(), sent.reported), (0, false));
        script.only().json().clone()
    };
    let read = json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.IN"});
    assert_eq!(sent(Act::Read { target: "wamid.IN".to_owned() }), read);
    let mut typing = read;
    typing["typing_indicator"] = json!({"type": "text"});
    assert_eq!(sent(Act::Typing { target: Some("wamid.IN".to_owned()) }), typing);
    typing["message_id"] = json!("wamid.LAST");
    assert_eq!(sent(Act::Typing { target: None }), typing, "about the customer's latest");
    let lost = outbound(Address::default(), Act::Typing { target: None });
    assert_eq!(now(channel.outlet().unwrap().send(&Script::default(), &lost)).unwrap_err().code, "no_target");
}

#[test]
fn p5_accepted_is_not_delivered() {
    let channel = channel(&[]);
    let outlet = channel.outlet().unwrap();
    let sent = sent_into(outlet, &outbound(ida(), text("Hola")), reply(200, &accepted(), &[])).unwrap();
    assert_eq!((sent.refs, sent.reported), (vec!["wamid.X".to_owned()], true));
    assert_eq!(sent.keys, ["u:DE.99", "p:4915112345"]);
    let held = json!({"messages": [{"id": "wamid.T", "message_status": "held_for_quality_assessment"}],
        "contacts": [{"input": "+5511987654321", "wa_id": "551187654321"}]});
    let sent = sent_into(outlet, &outbound(ida(), template(&[], None)), reply(200, &held, &[])).unwrap();
    assert_eq!(sent.note.as_deref(), Some("held_for_quality_assessment"));
    assert_eq!(sent.keys, ["p:551187654321"], "the number as WhatsApp knows it");
    let reaction = Act::Reaction { target: "wamid.IN".to_owned(), emoji: None };
    let sent = sent_into(outlet, &outbound(ida(), reaction), reply(200, &accepted(), &[])).unwrap();
    assert!(!sent.reported, "a reaction is only ever sent");
}

#[test]
fn p6_what_nobody_confirmed_may_have_been_sent() {
    let channel = channel(&[]);
    let outlet = channel.outlet().unwrap();
    let message = outbound(ida(), text("Hola"));
    for odd in [json!({}), json!({"messages": []}), json!({"messages": [{}]}), json!("ok"), json!(null)] {
        let error = sent_into(outlet, &message, reply(200, &odd, &[])).unwrap_err();
        assert_eq!((error.class, error.code.as_str()), (ErrorClass::Unknown, "unconfirmed"), "{odd}");
    }
    let after = |failure| now(outlet.send(&Script::replying([Err(failure)]), &message)).unwrap_err().class;
    assert_eq!(after(Failure::Unknown("reset".to_owned())), ErrorClass::Unknown);
    assert_eq!(after(Failure::NotSent("refused".to_owned())), ErrorClass::Transient);
    assert_eq!(after(Failure::Local("no header".to_owned())), ErrorClass::Content);
    let class = |status| sent_into(outlet, &message, reply(status, &json!("<html>"), &[])).unwrap_err().class;
    assert_eq!((class(504), class(502), class(503)), (ErrorClass::Unknown, ErrorClass::Unknown, ErrorClass::Transient));
    assert_eq!(KIND.capabilities.sending.unwrap().unknown, UnknownOutcome::AwaitReceipt(120_000));
    assert_eq!(now(outlet.reconcile(&Script::default(), &message)), Ok(Reconciled::NobodyKnows));
    let error_in_success = reply(200, &refusal(131_026, None), &[]);
    assert_eq!(sent_into(outlet, &message, error_in_success).unwrap_err().class, ErrorClass::Recipient);
}

#[test]
fn p5_every_code_of_the_sheet_has_a_class_and_an_explanation() {
    let plain = |codes: &[i64]| codes.iter().map(|&code| (code, None)).collect::<Vec<_>>();
    let (channel, hour) = (channel(&[]), 3600);
    let rows = [
        (ErrorClass::RateLimited, Some(300), plain(&[4, 80007, 131_064])),
        (ErrorClass::RateLimited, None, plain(&[130_429, 131_056])),
        (ErrorClass::RateLimited, Some(hour), plain(&[131_048, 133_016])),
        (ErrorClass::Transient, None, plain(&[1, 2, 131_000, 131_016, 133_004, 131_057])),
        (ErrorClass::NeedsTemplate, None, plain(&[131_047, 470])),
        (ErrorClass::Auth, None, plain(&[0, 190, 3, 10, 200, 230, 299, 131_005, 131_045, 133_010, 33])),
        (ErrorClass::Auth, None, vec![(100, Some(33))]),
        (ErrorClass::Auth, Some(6 * hour), plain(&[368, 131_031])),
        (ErrorClass::Auth, None, plain(&[131_042, 131_044, 131_037])),
        (
            ErrorClass::Recipient,
            None,
            plain(&[131_026, 131_021, 131_030, 131_050, 131_049, 130_472, 137_000, 131_062, 130_497]),
        ),
        (ErrorClass::Content, None, plain(&[100, 131_008, 131_009, 131_051, 131_052, 131_053, 135_000])),
        (
            ErrorClass::Content,
            None,
            plain(&[132_000, 132_001, 132_005, 132_007, 132_008, 132_012, 132_015, 132_016, 132_068, 132_069, 131_063]),
        ),
    ];
    check_codes(&KIND, channel.outlet().unwrap(), &outbound(ida(), text("Hola")), &rows);
    assert_eq!((KIND.explain)("999999"), None);
}

#[test]
fn only_the_pair_rate_is_the_chats() {
    let channel = channel(&[]);
    let message = outbound(ida(), text("Hola"));
    let scope = |code| {
        let refusal = reply(400, &refusal(code, None), &[]);
        sent_into(channel.outlet().unwrap(), &message, refusal).unwrap_err().scope
    };
    assert_eq!(scope(131_056), Scope::Chat);
    for code in [4, 80007, 130_429, 131_048, 133_016, 131_064, 190, 131_042] {
        assert_eq!(scope(code), Scope::Channel, "{code}");
    }
    let usage = r#"{"20440001":[{"type":"whatsapp","estimated_time_to_regain_access":19}]}"#;
    let limited = reply(400, &refusal(80007, None), &[("X-Business-Use-Case-Usage", usage)]);
    let wait = sent_into(channel.outlet().unwrap(), &message, limited).unwrap_err().retry_after;
    assert_eq!(wait, Some(Duration::from_secs(19 * 60)));
}

#[test]
fn p9_an_error_repeats_neither_token_nor_message() {
    let channel = channel(&[]);
    let words = format!("(#131009) bad value 'secreto del cliente' for {TOKEN}");
    let error = json!({"error": {"message": words, "code": 131_009, "error_data": {"details": "x".repeat(900)}}});
    let message = outbound(ida(), text("secreto del cliente"));
    let detail = sent_into(channel.outlet().unwrap(), &message, reply(400, &error, &[])).unwrap_err().detail;
    assert!(detail.starts_with("(#131009) bad value '***' for ***"), "{detail}");
    assert!(detail.len() <= 500);
    assert!(!format!("{channel:?}").contains(TOKEN));
}

#[test]
fn what_is_too_long_or_not_taken_is_never_sent() {
    let long = |length: usize| "x".repeat(length);
    assert_eq!(refused(text(&long(4097))).code, "too_long");
    assert_eq!(refused(text(" \n")).code, "empty");
    check_act(text(&long(4096)), "text", json!({"body": long(4096), "preview_url": false}));
    let pair = || vec![button("a", "A"), button("b", "B")];
    assert_eq!(refused(with_buttons(&long(1025), pair())).code, "too_long");
    assert_eq!(refused(with_buttons("x", [pair(), pair()].concat())).code, "too_many");
    for wrong in [button("", "C"), button("c", ""), button("c", &long(21)), button(&long(257), "C"), button("c", "A")] {
        refused(with_buttons("x", vec![button("a", "A"), wrong]));
    }
    let rows = |number: usize| (0..number).map(|id| row(&id.to_string(), "Fila")).collect::<Vec<_>>();
    refused(list(&long(4097), "Ver", vec![section("", rows(1))]));
    refused(list("x", &long(21), vec![section("", rows(1))]));
    refused(list("x", "Ver", Vec::new()));
    refused(list("x", "Ver", vec![section("", Vec::new())]));
    refused(list("x", "Ver", vec![section("", rows(11))]));
    refused(list("x", "Ver", vec![section("A", rows(1)), section("", vec![row("z", "Z")])]));
    refused(list("x", "Ver", vec![section("A", rows(1)), section("B", rows(1))]));
    refused(list("x", "Ver", vec![section("", vec![row("1", &long(25))])]));
    refused(list("x", "Ver", vec![section("", vec![row(&long(201), "Uno")])]));
    let wordy = ListRow { description: Some(long(73)), ..row("1", "Uno") };
    refused(list("x", "Ver", vec![section("", vec![wordy])]));
    let sections = (0..11).map(|at| section("S", vec![row(&at.to_string(), "F")])).collect();
    refused(list("x", "Ver", sections));
}

#[test]
fn files_that_whatsapp_does_not_take_are_never_sent() {
    let act = |file: OutboundFile, caption: Option<&str>| Act::File { file, caption: caption.map(str::to_owned) };
    let ready = |kind, mime: &str| file(kind, mime, Some("M1"));
    assert_eq!(refused(act(file(MediaKind::Image, "image/png", None), None)).code, "not_uploaded");
    for (kind, mime) in [
        (MediaKind::Image, "image/gif"),
        (MediaKind::Audio, "audio/wav"),
        (MediaKind::Video, "video/quicktime"),
        (MediaKind::Document, "application/x-msdownload"),
        (MediaKind::Sticker, "image/png"),
    ] {
        assert_eq!(refused(act(ready(kind, mime), None)).code, "file_type", "{mime}");
    }
    let most = [
        (MediaKind::Image, "image/png", 5 << 20),
        (MediaKind::Video, "video/mp4", 16 << 20),
        (MediaKind::Voice, "audio/ogg", 16 << 20),
        (MediaKind::Document, "application/pdf", 100 << 20),
        (MediaKind::Sticker, "image/webp", 500 << 10),
    ];
    for (kind, mime, max) in most {
        body_of(&outbound(ida(), act(OutboundFile { size: max, ..ready(kind, mime) }, None)));
        let over = OutboundFile { size: max + 1, ..ready(kind, mime) };
        assert_eq!(refused(act(over, None)).code, "file_size", "{mime}");
    }
    assert_eq!(refused(act(ready(MediaKind::Audio, "audio/mpeg"), Some("words"))).code, "caption");
    assert_eq!(refused(act(ready(MediaKind::Image, "image/png"), Some(&"x".repeat(1025)))).code, "too_long");
    let within = match text("x") {
        Act::Text { text, html, subject, buttons, .. } => {
            Act::Text { text, html, subject, buttons, files: vec![ready(MediaKind::Image, "image/png")] }
        }
        _ => unreachable!(),
    };
    assert_eq!(refused(within).code, "files_apart");
}

#[test]
fn what_whatsapp_does_not_have_is_refused() {
    let target = || "wamid.OUT".to_owned();
    let acts = [
        Act::Edit { target: target(), text: "x".to_owned() },
        Act::Delete { target: target() },
        Act::Hide { target: target(), hidden: true },
        Act::PrivateReply { target: target(), text: "x".to_owned() },
        Act::AnswerCallback { callback: target(), text: None },
    ];
    let sending = KIND.capabilities.sending.unwrap();
    for act in acts {
        assert!(!sending.knows(act.name()));
        assert_eq!(refused(act).code, "unsupported");
    }
    assert!(sending.knows("text") && sending.may_begin && sending.window_ms == Some(86_400_000));
}

#[test]
fn a_file_is_uploaded_once_and_kept_for_thirty_days() {
    let (channel, script) = (channel(&[]), Script::of([json!({"id": "M9"})]));
    let song = file(MediaKind::Audio, "audio/x-m4a", None);
    let stored = now(channel.outlet().unwrap().upload(&script, &song)).unwrap();
    let month = Duration::from_secs(29 * 86_400);
    assert_eq!(stored, Some(StoredFile { id: "M9".to_owned(), keeps: Some(month) }));
    let asked = script.only();
    assert_eq!((asked.what.as_str(), asked.bearer.as_deref()), ("POST /10655501/media", Some(TOKEN)));
    let expected = [("messaging_product", "whatsapp"), ("type", "audio/mp4"), ("file", "abab 1000 audio/mp4 a file")];
    assert_eq!(parts(&asked.body), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));

    let after = |answer| now(channel.outlet().unwrap().upload(&Script::replying([answer]), &song)).unwrap_err().class;
    assert_eq!(after(Err(Failure::Unknown("reset".to_owned()))), ErrorClass::Transient);
    assert_eq!(after(Ok(reply(200, &json!({}), &[]))), ErrorClass::Transient);
    assert_eq!(after(Ok(reply(400, &refusal(131_053, None), &[]))), ErrorClass::Content);
    let wrong = file(MediaKind::Audio, "audio/wav", None);
    let error = now(channel.outlet().unwrap().upload(&Script::default(), &wrong)).unwrap_err();
    assert_eq!(error.code, "file_type");
}

fn wanted(source: MediaSource) -> Wanted {
    Wanted { source, message: None, size: Some(7), extra: None }
}

fn by_id() -> Wanted {
    wanted(MediaSource::Platform { id: "111".to_owned() })
}

fn located(answer: Value) -> Result<Located, SendError> {
    let (channel, script) = (channel(&[]), Script::of([answer]));
    let found = now(channel.outlet().unwrap().locate(&script, &by_id()));
    assert_eq!(script.only().what, "GET /111?phone_number_id=10655501");
    found
}

#[test]
fn a_customers_file_is_fetched_from_meta_with_the_token() {
    let hex = "00".repeat(31) + "ff";
    let found = located(json!({"url": "https://lookaside.fbsbx.com/a?x=1", "mime_type": "image/jpeg", "sha256": hex,
        "file_size": "1234", "id": "111", "messaging_product": "whatsapp"}))
    .unwrap();
    assert_eq!(found.call.url.expose_secret(), "https://lookaside.fbsbx.com/a?x=1");
    assert_eq!(found.call.bearer.as_ref().map(|token| token.expose_secret()), Some(TOKEN));
    assert_eq!((found.size, found.mime.as_deref(), found.foreign), (Some(1234), Some("image/jpeg"), true));
    assert_eq!(found.sha256.as_ref(), Some(&hex));
    let base64 = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAP8=";
    let found = located(json!({"url": format!("{GRAPH}/file"), "sha256": base64, "file_size": 9})).unwrap();
    assert_eq!((found.sha256, found.size, found.foreign), (Some(hex), Some(9), false));
    assert_eq!(located(json!({"url": "https://mmg.whatsapp.net/a"})).unwrap().size, Some(7), "as the webhook said");
}

#[test]
fn p9_the_token_goes_to_meta_only() {
    let evil = [
        "http://lookaside.fbsbx.com/a",
        "https://lookaside.fbsbx.com.evil.example/a",
        "https://evilfbsbx.com/a",
        "https://lookaside.fbsbx.com:8443/a",
        "https://u@lookaside.fbsbx.com/a",
        "https://lookaside.fbsbx.com@evil.example/a",
        "http://127.0.0.1:10/a",
        "https://127.0.0.1:9/a",
        "http://169.254.169.254/latest",
        "https://evil.example\\.fbsbx.com/a",
        "https://evil.example\t.fbsbx.com/a",
        "https://.fbsbx.com.evil.example/a",
        "file:///etc/passwd",
        "",
    ];
    let channel = channel(&[]);
    for url in evil {
        assert_eq!(located(json!({ "url": url })).unwrap_err().code, "media_url", "{url}");
        let from_webhook = wanted(MediaSource::Url { url: url.to_owned() });
        assert!(now(channel.outlet().unwrap().locate(&Script::default(), &from_webhook)).is_err(), "{url}");
    }
    let from_webhook = wanted(MediaSource::Url { url: "https://lookaside.fbsbx.com/b".to_owned() });
    assert!(now(channel.outlet().unwrap().locate(&Script::default(), &from_webhook)).is_ok());
}

#[test]
fn a_file_that_is_gone_says_so() {
    let channel = channel(&[]);
    let after = |answer| now(channel.outlet().unwrap().locate(&Script::replying([answer]), &by_id())).unwrap_err();
    let gone = [
        reply(404, &json!({}), &[]),
        reply(400, &refusal(100, None), &[]),
        reply(400, &refusal(100, Some(33)), &[]),
        reply(400, &refusal(131_052, None), &[]),
    ];
    for answer in gone {
        let error = after(Ok(answer));
        assert_eq!(error.class, ErrorClass::Content);
        assert!(error.reason.es.contains("7 días"), "{}", error.reason.es);
    }
    assert_eq!(after(Ok(reply(401, &refusal(190, None), &[]))).class, ErrorClass::Auth);
    assert_eq!(after(Err(Failure::Unknown("reset".to_owned()))).class, ErrorClass::Transient);
    let nowhere = wanted(MediaSource::unavailable("x"));
    assert!(now(channel.outlet().unwrap().locate(&Script::default(), &nowhere)).is_err());
}

#[test]
fn templates_are_read_page_by_page() {
    let template = |id: &str, body: &str| {
        json!({"id": id, "name": "saludo", "language": "es", "status": "APPROVED",
        "category": "UTILITY", "components": [{"type": "HEADER", "text": "x {{9}}"}, {"type": "BODY", "text": body}]})
    };
    let page = |templates: Value, after: &str| json!({"data": templates, "paging": {"cursors": {"after": after}}});
    let script = Script::of([
        page(json!([template("1", "Hola {{1}}, {{2}}"), {"no": "id"}]), "a1"),
        page(json!([template("2", "Hola {{name}}")]), "a2"),
        page(json!([]), "a2"),
    ]);
    let channel = channel(&[("waba_id", "20440001")]);
    let found = now(channel.outlet().unwrap().templates(&script)).unwrap();
    let brief: Vec<_> = found.iter().map(|it| (it.id.as_str(), it.body.as_str(), it.parameters)).collect();
    assert_eq!(brief, [("1", "Hola {{1}}, {{2}}", 2), ("2", "Hola {{name}}", 1)]);
    let first = &found[0];
    assert_eq!((first.name.as_str(), first.language.as_str()), ("saludo", "es"));
    assert_eq!((first.status.as_str(), first.category.as_str()), ("APPROVED", "UTILITY"));
    assert_eq!(first.components[0]["type"], "HEADER");
    let asked: Vec<String> = script.asked().into_iter().map(|asked| asked.what).collect();
    let base = "GET /20440001/message_templates?fields=id,name,language,status,category,components&limit=100";
    assert_eq!(asked, [base.to_owned(), format!("{base}&after=a1"), format!("{base}&after=a2")]);

    let endless = (0..10).map(|at| page(json!([template(&at.to_string(), "x")]), "again"));
    assert_eq!(now(channel.outlet().unwrap().templates(&Script::of(endless))).unwrap().len(), 10, "P8: ten pages");
}

#[test]
fn templates_need_the_account() {
    let error = now(channel(&[]).outlet().unwrap().templates(&Script::default())).unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (ErrorClass::Content, "waba_id"));
}

fn probed(script: &Script, more: &[(&str, &str)]) -> Vec<(String, bool, String)> {
    let found = now(channel(more).outlet().unwrap().probe(script, Some("https://ours.example/webhooks/meta")));
    found.into_iter().map(|it| (it.check, it.ok, format!("{} | {}", it.found, it.remedy.unwrap_or_default()))).collect()
}

fn number(more: Value) -> Value {
    let mut number = json!({"display_phone_number": "+49 30 111222", "verified_name": "Our Shop",
        "quality_rating": "GREEN", "platform_type": "CLOUD_API", "code_verification_status": "EXPIRED", "id": "10655501"});
    number.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    number
}

#[test]
fn p10_a_number_that_is_set_up_well_says_so() {
    let app = json!({"whatsapp_business_api_data": {"id": "1", "name": "Relevo"}});
    let script = Script::of([number(json!({})), json!({"data": [app]}), json!({"data": []})]);
    let found = probed(&script, &[("waba_id", "20440001")]);
    assert!(found.iter().all(|(_, ok, _)| *ok), "{found:?}");
    assert!(found[0].2.contains("+49 30 111222 as “Our Shop”"), "{found:?}");
    assert!(found.iter().any(|(_, _, said)| said.contains("Relevo is subscribed")), "{found:?}");
    let asked: Vec<String> = script.asked().into_iter().map(|asked| asked.what).collect();
    let fields = "display_phone_number,verified_name,quality_rating,platform_type,code_verification_status";
    assert_eq!(asked[0], format!("GET /10655501?fields={fields}"));
    assert_eq!(asked[1..], ["GET /20440001/subscribed_apps", "GET /20440001/message_templates?limit=1"]);
}

#[test]
fn p10_what_is_wrong_with_a_number_comes_with_its_remedy() {
    let bad = |script: &Script, more: &[(&str, &str)]| -> Vec<String> {
        probed(script, more)
            .into_iter()
            .filter(|(_, ok, _)| !ok)
            .map(|(check, _, said)| format!("{check}: {said}"))
            .collect()
    };
    let expired = Script::replying([Ok(reply(401, &refusal(190, None), &[]))]);
    let found = bad(&expired, &[("waba_id", "20440001")]);
    assert!(found.len() == 1 && found[0].contains("expired") && found[0].contains("rotate ID --set access_token=…"));
    let broken = number(json!({"platform_type": "NOT_APPLICABLE", "quality_rating": "RED",
        "code_verification_status": "NOT_VERIFIED"}));
    let found = bad(&Script::of([broken]), &[]);
    let checks: Vec<_> = found.iter().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(checks, ["phone number", "quality", "verification"]);
    let elsewhere = json!({"data": [{"override_callback_uri": "https://other.example"}]});
    let denied = Ok(reply(403, &refusal(200, None), &[]));
    let ok = |body: &Value| Ok(reply(200, body, &[]));
    let script = Script::replying([ok(&number(json!({}))), ok(&elsewhere), denied]);
    let found = bad(&script, &[("waba_id", "20440001")]);
    assert!(found[0].contains("another URL") && found[1].starts_with("templates: "), "{found:?}");
    let script = Script::of([number(json!({})), json!({"data": []}), json!({"data": []})]);
    let found = bad(&script, &[("waba_id", "20440001")]);
    assert!(found.len() == 1 && found[0].contains("no app is subscribed"), "{found:?}");
    let down = Script::replying([Err(Failure::NotSent("no route".to_owned()))]);
    assert!(bad(&down, &[])[0].contains("test again in a minute"));
    let wrong_id = Script::replying([Ok(reply(400, &refusal(100, Some(33)), &[]))]);
    assert!(bad(&wrong_id, &[])[0].contains("compare phone_number_id"));
}

#[test]
fn an_address_is_a_number_or_an_id() {
    let channel = channel(&[]);
    let found = channel.outlet().unwrap().destination("+56 9 1234 5678").unwrap();
    assert_eq!((found.keys, found.account.as_str()), (vec!["p:56912345678".to_owned()], "+56912345678"));
    assert_eq!(found.identities, [Identity::new(Identity::WA_ID, "56912345678")]);
    assert!(channel.outlet().unwrap().destination("mañana").unwrap_err().contains("código de país"));
}

#[test]
fn settings_decide_whether_how_fast_and_where() {
    assert!(open(&KIND, &BASICS).unwrap().outlet().is_none(), "without a token it receives only");
    let pace = |more: &[(&str, &str)]| channel(more).outlet().unwrap().pacing(&ida());
    let usual = pace(&[]);
    assert_eq!(usual.channel, Quota { interval: Duration::from_micros(12_500), burst: 80 });
    assert_eq!(usual.chat, Quota { interval: Duration::from_secs(6), burst: 10 });
    let slow = pace(&[("sends_per_second", "20")]);
    assert_eq!(slow.channel, Quota { interval: Duration::from_millis(50), burst: 20 });
    for (key, wrong) in [
        ("sends_per_second", "0"),
        ("sends_per_second", "1001"),
        ("sends_per_second", "fast"),
        ("graph_url", "graph.facebook.com"),
        ("appsecret_proof", "maybe"),
    ] {
        let mut settings = vec![("account", "1"), ("app_secret", "s"), ("access_token", TOKEN)];
        settings.push((key, wrong));
        assert_eq!(open(&KIND, &settings).unwrap_err(), [key], "{wrong}");
    }
}

#[test]
fn calls_prove_that_the_token_is_used_by_its_own_app() {
    let (channel, script) = (channel(&[("appsecret_proof", "true")]), Script::of([accepted()]));
    now(channel.outlet().unwrap().send(&script, &outbound(ida(), text("Hola")))).unwrap();
    let mac = relevo_adapters::verify::mac(b"app-secret", &[TOKEN.as_bytes()]);
    let proof = relevo_adapters::verify::hex(&mac);
    assert_eq!(script.only().what, format!("POST /10655501/messages?appsecret_proof={proof}"));
}
