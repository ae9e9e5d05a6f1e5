//! The mail outlet over a scripted server: which bytes it hands over, under which names, and what replies are taken
//! for. The mails are read back by the inbound side, as a customer's mailbox and as our own would read them.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    collections::HashMap,
    pin::pin,
    sync::Mutex,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use relevo_adapters::{
    Body, Channel, Content, Identity, ImapSource, InboundEvent, MediaKind, MediaSource, Message, Settings,
    email::{KIND, LOOP_HEADER, conversation_of, reply_address},
    outbound::{
        Act, Address, Button, Call, ErrorClass, Failure, Finding, Flow, Io, Letter, MailFailure, Outbound,
        OutboundFile, Reply, Scope, SendError, Sent, SmtpServer, SmtpStage, SmtpTls, UnknownOutcome, Wanted,
    },
};
use secrecy::{ExposeSecret, SecretString};

const ID: &str = "019eb2a4-6c00-7d3e-8f40-123456789abc";
const CONVERSATION: &str = "0190f3a1-7b2c-7d3e-8f40-123456789abc";
const OUR_ID: &str = "019eb2a4-6c00-7d3e-8f40-123456789abc.0190f3a1-7b2c-7d3e-8f40-123456789abc@in.example.org";

/// A mail server that says what it was told to, and keeps what it was given.
struct Server {
    answer: Result<String, MailFailure>,
    imap: Result<(), String>,
    blobs: HashMap<String, Result<Bytes, Failure>>,
    letters: Mutex<Vec<Letter>>,
    read: Mutex<usize>,
}

impl Server {
    fn of(answer: Result<String, MailFailure>) -> Self {
        Self { answer, imap: Ok(()), blobs: HashMap::new(), letters: Mutex::default(), read: Mutex::new(0) }
    }

    fn willing() -> Self {
        Self::of(Ok("250-2.0.0 Ok\r\n250 2.0.0 queued as X7\r\n".to_owned()))
    }

    /// Files by their content; each is named by its place.
    fn with(files: &[&[u8]]) -> Self {
        let blobs = files.iter().enumerate().map(|(n, file)| (n.to_string(), Ok(Bytes::copy_from_slice(file))));
        Self { blobs: blobs.collect(), ..Self::willing() }
    }
}

impl Io for Server {
    fn call(&self, _: Call) -> Flow<'_, Result<Reply, Failure>> {
        panic!("mail makes no HTTP call")
    }

    fn mail<'a>(&'a self, server: &'a SmtpServer, letter: Letter) -> Flow<'a, Result<String, MailFailure>> {
        assert_eq!((server.host.as_str(), server.port), ("smtp.example.org", 587));
        self.letters.lock().unwrap().push(letter);
        Box::pin(async { self.answer.clone() })
    }

    fn blob<'a>(&'a self, sha256: &'a str) -> Flow<'a, Result<Bytes, Failure>> {
        *self.read.lock().unwrap() += 1;
        Box::pin(async { self.blobs[sha256].clone() })
    }

    fn try_smtp<'a>(&'a self, _: &'a SmtpServer) -> Flow<'a, Result<String, MailFailure>> {
        Box::pin(async { self.answer.clone() })
    }

    fn try_imap<'a>(&'a self, source: &'a ImapSource) -> Flow<'a, Result<(), String>> {
        assert_eq!(source.host, "imap.example.org");
        Box::pin(async { self.imap.clone() })
    }
}

/// Runs what never waits.
fn run<T>(flow: impl Future<Output = T>) -> T {
    match pin!(flow).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the double answers at once"),
    }
}

fn open(pairs: &[(&str, &str)]) -> Box<dyn Channel> {
    (KIND.open)(&Settings::of(&KIND, pairs.iter().copied()).unwrap()).unwrap()
}

fn mailbox_with(more: &[(&str, &str)]) -> Box<dyn Channel> {
    let mut pairs = vec![
        ("address", "Support@in.example.org"),
        ("webhook_token", "t"),
        ("reply_token_key", "reply-key"),
        ("smtp_host", "smtp.example.org"),
        ("smtp_password", "invented-password"),
        ("from_name", "Atención \"Ñandú\", S.A."),
    ];
    pairs.extend(more);
    open(&pairs)
}

fn mailbox() -> Box<dyn Channel> {
    mailbox_with(&[])
}

fn to(email: &str) -> Address {
    Address {
        conversation: CONVERSATION.to_owned(),
        identities: vec![Identity::new(Identity::EMAIL, email)],
        ..Address::default()
    }
}

/// A thread in which the customer wrote twice and we once.
fn thread() -> Address {
    Address {
        name: Some("Ida".to_owned()),
        subject: Some("RE: Pedido 7: ¿dónde está?".to_owned()),
        last_inbound: Some("c2@example.net".to_owned()),
        history: ["c1@example.net", "o1@in.example.org", "c2@example.net"].map(str::to_owned).to_vec(),
        ..to("ida@example.net")
    }
}

fn text(text: &str) -> Act {
    Act::Text { text: text.to_owned(), html: None, subject: None, files: Vec::new(), buttons: Vec::new() }
}

fn outbound(to: Address, act: Act) -> Outbound {
    Outbound { id: ID.to_owned(), to, act, reply_to: None, automatic: false }
}

fn send(server: &Server, message: &Outbound) -> Result<Sent, SendError> {
    run(mailbox().outlet().unwrap().send(server, message))
}

/// The mail that becomes of a message.
fn letter(server: &Server, message: &Outbound) -> Letter {
    send(server, message).unwrap();
    server.letters.lock().unwrap().pop().unwrap()
}

fn mail(message: &Outbound) -> String {
    String::from_utf8(letter(&Server::willing(), message).data.to_vec()).unwrap()
}

/// A header field's value, unfolded.
fn header(mail: &str, name: &str) -> Option<String> {
    let (head, _) = mail.split_once("\r\n\r\n").unwrap();
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let found: Vec<&str> = unfolded.lines().filter_map(|line| line.strip_prefix(&format!("{name}: "))).collect();
    assert!(found.len() <= 1, "{name} twice");
    found.first().map(|value| (*value).to_owned())
}

/// The mail as the mailbox of `address` would understand it.
fn read_as(address: &str, data: &[u8]) -> InboundEvent {
    let reader = open(&[("address", address), ("webhook_token", "t"), ("reply_token_key", "reply-key")]);
    let [event] =
        <[InboundEvent; 1]>::try_from(reader.decode(&Bytes::copy_from_slice(data), 0).unwrap().events).unwrap();
    event
}

/// What a customer sees of it: our marker means something to the mailbox that set it alone.
fn seen(data: &[u8]) -> Message {
    match read_as("ida@example.net", data).content {
        Content::Message(message) => *message,
        other => panic!("{other:?}"),
    }
}

/// Every line as the wire wants it: CRLF, at most 998 bytes, ASCII.
fn assert_sound(data: &[u8]) {
    let text = std::str::from_utf8(data).unwrap();
    assert!(text.is_ascii() && !text.contains('\0'));
    assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "a bare CR or LF");
    assert!(text.split("\r\n").all(|line| line.len() <= 998));
}

#[test]
fn what_the_house_says_by_itself_says_so() {
    let by_hand = outbound(thread(), text("Hola"));
    assert_eq!(header(&mail(&by_hand), "Auto-Submitted"), None);
    let by_itself = Outbound { automatic: true, ..by_hand };
    let letter = letter(&Server::willing(), &by_itself);
    let head = String::from_utf8(letter.data.to_vec()).unwrap();
    assert_eq!(header(&head, "Auto-Submitted").as_deref(), Some("auto-replied"));
    assert_eq!(header(&head, "X-Auto-Response-Suppress").as_deref(), Some("All"));
    assert_eq!(letter.from, None, "from the null sender, so that nothing comes back");
}

#[test]
fn a_reply_carries_its_place_in_the_thread() {
    let server = Server::willing();
    let message = outbound(thread(), text("Hola, ¿qué tal?\n\nSaludos"));
    let sent = send(&server, &message).unwrap();
    assert_eq!(sent.refs, [OUR_ID]);
    assert_eq!(sent.keys, [format!("mid:{OUR_ID}")]);
    assert_eq!(sent.note.as_deref(), Some("250 2.0.0 queued as X7"));
    assert!(!sent.reported && sent.stored.is_empty());
    let letter = server.letters.lock().unwrap().pop().unwrap();
    assert_sound(&letter.data);
    assert_eq!(
        (letter.from.as_deref(), letter.to),
        (Some("support@in.example.org"), vec!["ida@example.net".to_owned()])
    );
    let mail = String::from_utf8(letter.data.to_vec()).unwrap();
    assert_eq!(header(&mail, "Message-ID"), Some(format!("<{OUR_ID}>")));
    assert_eq!(header(&mail, "In-Reply-To").as_deref(), Some("<c2@example.net>"));
    assert_eq!(header(&mail, "References").as_deref(), Some("<c1@example.net> <o1@in.example.org> <c2@example.net>"));
    assert_eq!(header(&mail, "To").as_deref(), Some("<ida@example.net>"), "not the name that we gave the contact");
    assert_eq!(header(&mail, "MIME-Version").as_deref(), Some("1.0"));
    assert_eq!(header(&mail, "Date").as_deref(), Some("Wed, 10 Jun 2026 17:46:20 +0000"));
    assert_eq!(header(&mail, LOOP_HEADER).as_deref(), Some("support@in.example.org"));
    for absent in ["Auto-Submitted", "Precedence", "X-Auto-Response-Suppress", "Bcc", "List-Id"] {
        assert_eq!(header(&mail, absent), None, "a person wrote it");
    }
}

#[test]
fn the_words_arrive_as_they_were_written() {
    let words = "Hola, ¿qué tal?\n\n.\nUna línea con un punto delante\n> cita\nFrom aquí\n€ 😀 \u{7}\0fin";
    let data = letter(&Server::willing(), &outbound(thread(), text(words))).data;
    assert_sound(&data);
    let message = seen(&data);
    let Body::Mail { subject, text, html, .. } = message.body else { panic!("no mail") };
    assert_eq!(subject.as_deref(), Some("Re: Pedido 7: ¿dónde está?"));
    assert_eq!(text, words.replace(['\u{7}', '\0'], ""));
    assert_eq!(html, None);
    assert_eq!(message.id.as_deref(), Some(OUR_ID));
    assert_eq!(message.reply_to.as_deref(), Some("c2@example.net"));
    assert_eq!(message.extra.unwrap()["from"][0], "Atención \"Ñandú\", S.A. <support@in.example.org>");
}

#[test]
fn p6_every_try_makes_the_same_bytes() {
    let files = vec![file(0, MediaKind::Document, "a/b", "a.txt", 1)];
    let act = Act::Text { text: "x".into(), html: Some("<p>x</p>".into()), subject: None, files, buttons: Vec::new() };
    let message = outbound(thread(), act);
    let first = letter(&Server::with(&[b"x"]), &message).data;
    assert_eq!(letter(&Server::with(&[b"x"]), &message).data, first);
    let mut own = message.clone();
    own.to.history.push(OUR_ID.to_owned());
    let again = String::from_utf8(letter(&Server::with(&[b"x"]), &own).data.to_vec()).unwrap();
    assert!(!header(&again, "References").unwrap().contains(OUR_ID), "a mail does not refer to itself");
    assert_eq!(KIND.capabilities.sending.unwrap().unknown, UnknownOutcome::SameId);
}

#[test]
fn a_customers_answer_comes_back_to_its_conversation() {
    let ours = mail(&outbound(thread(), text("Hola")));
    let back = header(&ours, "Reply-To").unwrap();
    let key = SecretString::from("reply-key");
    let address = reply_address(CONVERSATION, "support@in.example.org", &key).unwrap();
    assert!(back.ends_with(&format!("<{address}>")), "{back}");
    assert_eq!(conversation_of(&address, &key).as_deref(), Some(CONVERSATION));
    let quoted = ours.replace("\r\n", "\r\n> ");
    let answer = format!(
        "From: Ida <ida@example.net>\r\nTo: {address}\r\nSubject: Re: x\r\nMessage-ID: <c3@example.net>\r\n\
         In-Reply-To: <{OUR_ID}>\r\nReferences: <c1@example.net> <{OUR_ID}>\r\n\r\nGracias\r\n\r\n> {quoted}\r\n"
    );
    let event = read_as("support@in.example.org", answer.as_bytes());
    assert!(matches!(event.content, Content::Message(_)), "quoted headers are no loop: {:?}", event.content);
    assert_eq!(event.thread.id.as_deref(), Some(CONVERSATION));
    assert!(event.thread.hints.contains(&format!("mid:{OUR_ID}")), "as the send named itself");
}

#[test]
fn a_customer_who_attaches_our_mail_is_no_loop() {
    let ours = mail(&outbound(thread(), text("Hola")));
    let answer = format!(
        "From: ida@example.net\r\nTo: support@in.example.org\r\nMessage-ID: <c4@example.net>\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n¿Esto es suyo?\r\n--b\r\n\
         Content-Type: message/rfc822\r\n\r\n{ours}\r\n--b--\r\n"
    );
    let event = read_as("support@in.example.org", answer.as_bytes());
    assert!(matches!(event.content, Content::Message(_)), "{:?}", event.content);
}

#[test]
fn our_own_copy_opens_nothing() {
    let ours = mail(&outbound(thread(), text("Hola")));
    let event = read_as("support@in.example.org", ours.as_bytes());
    let Content::Automatic(message) = event.content else { panic!("{:?}", event.content) };
    assert_eq!(message.extra.unwrap()["flags"]["loop"], true);
}

#[test]
fn a_mail_of_one_mailbox_of_ours_to_another_is_a_message() {
    let ours = mail(&outbound(thread(), text("Hola")));
    let event = read_as("ventas@other.example", ours.as_bytes());
    assert!(matches!(event.content, Content::Message(_)), "{:?}", event.content);
}

#[test]
fn a_bounce_names_the_mail_as_its_send_did() {
    let ours = mail(&outbound(thread(), text("Hola")));
    let report = format!(
        "From: MAILER-DAEMON@mx.example\r\nTo: support@in.example.org\r\nMessage-ID: <b1@mx.example>\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nNo.\r\n--b\r\n\
         Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n\
         Final-Recipient: rfc822; ida@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b\r\n\
         Content-Type: message/rfc822\r\n\r\n{ours}\r\n--b--\r\n"
    );
    let Content::Bounce(bounce) = read_as("support@in.example.org", report.as_bytes()).content else {
        panic!("no bounce")
    };
    assert_eq!(bounce.targets[0], OUR_ID);
    let (class, reason) = (KIND.explain)(bounce.recipients[0].status.as_deref().unwrap()).unwrap();
    assert_eq!(class, ErrorClass::Recipient);
    assert!(reason.es.contains("no existe"));
}

#[test]
fn a_long_thread_keeps_its_first_mail_and_the_last_ten() {
    let mut to = thread();
    to.history = (0..40).map(|n| format!("m{n}@x")).collect();
    to.last_inbound = Some("m38@x".to_owned());
    let references = header(&mail(&outbound(to, text("x"))), "References").unwrap();
    let ids: Vec<&str> = references.split(' ').collect();
    assert_eq!((ids.len(), ids[0], ids[1], ids[10]), (11, "<m0@x>", "<m30@x>", "<m38@x>"));
}

#[test]
fn the_mail_that_is_answered_is_the_one_that_was_chosen() {
    let mut message = outbound(thread(), text("x"));
    message.reply_to = Some("c1@example.net".to_owned());
    let mail_text = mail(&message);
    assert_eq!(header(&mail_text, "In-Reply-To").as_deref(), Some("<c1@example.net>"));
    assert!(header(&mail_text, "References").unwrap().ends_with("<c1@example.net>"));
    let mut ours = outbound(to("ida@example.net"), text("x"));
    ours.to.history = vec!["o1@in.example.org".to_owned()];
    assert_eq!(header(&mail(&ours), "In-Reply-To").as_deref(), Some("<o1@in.example.org>"), "our own, if no other");
}

#[test]
fn ids_that_nobody_knows_are_not_named() {
    let mut to = thread();
    to.history = vec!["sha256-00@relevo.invalid".into(), "a b@x".into(), "ñ@x".into(), "a>\r\nBcc: x@y".into()];
    to.last_inbound = Some("sha256-00@relevo.invalid".into());
    let mail = mail(&outbound(to, text("x")));
    assert_eq!((header(&mail, "In-Reply-To"), header(&mail, "References"), header(&mail, "Bcc")), (None, None, None));
}

#[test]
fn a_conversation_may_begin_with_us() {
    let act = Act::Text {
        text: "Su pedido salió".into(),
        html: None,
        subject: Some("Pedido 9".into()),
        files: Vec::new(),
        buttons: Vec::new(),
    };
    let first = mail(&outbound(to("ida@example.net"), act));
    assert_eq!(header(&first, "Subject").as_deref(), Some("Pedido 9"));
    assert_eq!((header(&first, "In-Reply-To"), header(&first, "References")), (None, None));
    let unnamed = letter(&Server::willing(), &outbound(to("ida@example.net"), text("x")));
    let Body::Mail { subject, .. } = seen(&unnamed.data).body else { panic!("no mail") };
    assert_eq!(subject.as_deref(), Some("Mensaje de Atención \"Ñandú\", S.A."));
    assert!(KIND.capabilities.sending.unwrap().may_begin);
}

fn file(blob: usize, kind: MediaKind, mime: &str, name: &str, size: u64) -> OutboundFile {
    OutboundFile {
        sha256: blob.to_string(),
        size,
        mime: mime.to_owned(),
        file_name: name.to_owned(),
        kind,
        platform_id: None,
    }
}

#[test]
fn html_and_files_go_within_the_same_mail() {
    let csv: &[u8] = b"a;b\n1;2\r\n3;4\rn\xc3\xb1\0";
    let png: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    let files = vec![
        file(0, MediaKind::Document, "text/csv", "año/../lista \"ñ\" €.csv", csv.len() as u64),
        file(1, MediaKind::Image, "image/png", "foto.png", png.len() as u64),
        file(0, MediaKind::Document, "message/rfc822", "mail.eml", csv.len() as u64),
    ];
    let html = "<p onclick=x()>Hola <b>ñ</b></p><script>x()</script><img src=\"https://img.example/logo.png\">";
    let act = Act::Text { text: "Hola ñ".into(), html: Some(html.into()), subject: None, files, buttons: Vec::new() };
    let data = letter(&Server::with(&[csv, &png]), &outbound(thread(), act)).data;
    assert_sound(&data);
    let raw = String::from_utf8(data.to_vec()).unwrap();
    assert!(!raw.contains("onclick") && !raw.contains("<script"), "P9: nothing active leaves us");
    assert!(raw.contains("multipart/mixed") && raw.contains("multipart/alternative"));
    let message = seen(&data);
    let Body::Mail { text, html, .. } = &message.body else { panic!("no mail") };
    assert_eq!(text, "Hola ñ");
    assert!(html.as_ref().unwrap().contains("src=\"https://img.example/logo.png\""), "our images are shown: {html:?}");
    let names: Vec<_> = message.attachments.iter().map(|file| file.file_name.as_deref().unwrap()).collect();
    assert_eq!(names, ["lista \"ñ\" €.csv", "foto.png", "mail.eml"]);
    let types: Vec<_> = message.attachments.iter().map(|file| file.mime.as_deref().unwrap()).collect();
    assert_eq!(types, ["text/csv", "image/png", "application/octet-stream"], "a mail within must not be base64");
    let reader = open(&[("address", "x@y.z"), ("webhook_token", "t")]);
    let blobs = reader.decode(&data, 0).unwrap().blobs;
    for content in [csv, &png] {
        assert!(blobs.iter().any(|blob| blob.bytes == content), "every byte as it was");
    }
}

#[test]
fn a_mail_may_be_nothing_but_a_file_or_html() {
    let only = Act::File { file: file(0, MediaKind::Image, "image/png", "", 3), caption: None };
    let message = seen(&letter(&Server::with(&[b"png"]), &outbound(thread(), only)).data);
    assert_eq!(message.attachments[0].file_name.as_deref(), Some("archivo"));
    let captioned =
        Act::File { file: file(0, MediaKind::Image, "image/png", "a.png", 3), caption: Some("Mire".into()) };
    let message = seen(&letter(&Server::with(&[b"png"]), &outbound(thread(), captioned)).data);
    assert_eq!((message.attachments.len(), message.display().as_str()), (1, "Mire"));
    let html = Act::Text {
        text: String::new(),
        html: Some("<p>Hola <b>Ida</b></p>".into()),
        subject: None,
        files: Vec::new(),
        buttons: Vec::new(),
    };
    let Body::Mail { text, html, .. } = seen(&letter(&Server::willing(), &outbound(thread(), html)).data).body else {
        panic!("no mail")
    };
    assert!(text.contains("Hola") && text.contains("Ida") && html.is_some(), "{text}");
}

#[test]
fn p9_no_header_can_be_smuggled_in() {
    let evil = "x\r\nBcc: evil@example.net\r\n\r\ncuerpo";
    let act = Act::Text {
        text: "x".into(),
        html: None,
        subject: Some(evil.into()),
        files: vec![file(0, MediaKind::Document, "text/plain\r\nX-Evil: 1", evil, 1)],
        buttons: Vec::new(),
    };
    let mut message = outbound(thread(), act);
    message.to.conversation = format!("{CONVERSATION}>{evil}");
    message.reply_to = Some(format!("a@b>{evil}"));
    message.to.subject = Some(evil.into());
    let data = letter(&Server::with(&[b"x"]), &message).data;
    assert_sound(&data);
    let raw = String::from_utf8(data.to_vec()).unwrap();
    assert!(
        !raw.lines().any(|line| line.starts_with("Bcc") || line.starts_with("X-Evil") || line == "cuerpo"),
        "{raw}"
    );
}

/// What is refused before any server hears of it.
fn refused_here(message: &Outbound) -> SendError {
    let server = Server::with(&[b"x"]);
    let error = send(&server, message).unwrap_err();
    assert!(server.letters.lock().unwrap().is_empty());
    assert!(!error.reason.es.is_empty() && !error.reason.en.is_empty());
    error
}

#[test]
fn p8_what_is_too_large_is_refused_and_never_sent() {
    let huge = outbound(thread(), text(&"x".repeat((1 << 20) + 1)));
    assert_eq!(refused_here(&huge).class, ErrorClass::Content);
    let with = |files| {
        outbound(thread(), Act::Text { text: "x".into(), html: None, subject: None, files, buttons: Vec::new() })
    };
    let server = Server::with(&[b"x"]);
    let twice = vec![file(0, MediaKind::Document, "a/b", "a", 10 << 20); 2];
    let error = send(&server, &with(twice)).unwrap_err();
    assert_eq!((error.class, error.code.as_str()), (ErrorClass::Content, "too_large"));
    assert_eq!(*server.read.lock().unwrap(), 0, "no file is read in vain");
    let many = vec![file(0, MediaKind::Document, "a/b", "a", 1); 51];
    assert_eq!(refused_here(&with(many)).code, "too_many_files");

    let largest = KIND.capabilities.sending.unwrap().rule(MediaKind::Document, "a/b").unwrap().max_bytes;
    let bytes = vec![0; usize::try_from(largest).unwrap()];
    let data = letter(&Server::with(&[&bytes]), &with(vec![file(0, MediaKind::Document, "a/b", "a", largest)])).data;
    assert!(data.len() <= 25 << 20, "what the limits allow fits: {}", data.len());
    let lying = with(vec![file(0, MediaKind::Document, "a/b", "a", 1)]);
    let more = vec![0; 20 << 20];
    assert_eq!(send(&Server::with(&[&more]), &lying).unwrap_err().code, "too_large", "the bytes count");
}

#[test]
fn what_is_no_mail_is_refused() {
    assert_eq!(refused_here(&outbound(thread(), text(" \n "))).code, "empty");
    let buttons = vec![Button { id: "x".into(), title: "x".into() }];
    let with_buttons = Act::Text { text: "x".into(), html: None, subject: None, files: Vec::new(), buttons };
    assert_eq!(refused_here(&outbound(thread(), with_buttons)).code, "unsupported");
    for act in [Act::Typing { target: None }, Act::Edit { target: "x".into(), text: "x".into() }] {
        assert_eq!(refused_here(&outbound(thread(), act)).class, ErrorClass::Content);
    }
    let mut undated = outbound(thread(), text("x"));
    undated.id = "7e57ab1e-0000-4000-8000-000000000000".to_owned();
    assert_eq!(refused_here(&undated).code, "no_date");
}

#[test]
fn a_contact_without_a_mail_address_cannot_be_reached() {
    for identities in [
        Vec::new(),
        vec![Identity::new(Identity::TELEGRAM, "7")],
        vec![Identity::new(Identity::EMAIL, "mailer-daemon")],
        vec![Identity::new(Identity::EMAIL, "a@b\r\nRCPT TO:<c@d>")],
    ] {
        let to = Address { identities, ..thread() };
        assert_eq!(refused_here(&outbound(to, text("x"))).class, ErrorClass::Recipient);
    }
}

#[test]
fn of_several_addresses_the_one_that_wrote_last_is_answered() {
    let mut to = thread();
    to.identities.push(Identity::new(Identity::EMAIL, "ida@work.example"));
    let recipient = |to: &Address| letter(&Server::willing(), &outbound(to.clone(), text("x"))).to;
    assert_eq!(recipient(&to), ["ida@example.net"]);
    to.keys = vec!["mid:c2@example.net".into(), "ref:ida@work.example:c2@example.net".into()];
    assert_eq!(recipient(&to), ["ida@work.example"]);
    to.keys.push("back:c2@example.net:pedidos@work.example".into());
    assert_eq!(recipient(&to), ["pedidos@work.example"], "where the mail asks to be answered");
    to.keys = vec!["ref:stranger@example.com:c2@example.net".into(), "back:c2@example.net:x@example.com".into()];
    assert_eq!(recipient(&to), ["ida@example.net"], "P9: strangers in the thread are not answered");
}

fn refused(code: u16, enhanced: Option<&str>, words: &str, stage: SmtpStage) -> SendError {
    let failure = MailFailure::Refused { code, enhanced: enhanced.map(str::to_owned), text: words.to_owned(), stage };
    send(&Server::of(Err(failure)), &outbound(thread(), text("x"))).unwrap_err()
}

#[test]
fn p5_every_reply_has_a_class_and_words_for_an_agent() {
    use ErrorClass::{Auth, Content, RateLimited, Recipient, Transient};
    use SmtpStage::{Connect, Data, Login, Recipient as Rcpt, Sender};
    for (code, enhanced, words, stage, class, scope) in [
        (421, None, "service not available", Connect, Transient, Scope::Chat),
        (450, Some("4.2.0"), "greylisted", Rcpt, Transient, Scope::Chat),
        (450, Some("4.7.1"), "greylisted", Rcpt, Transient, Scope::Chat),
        (451, None, "local error", Data, Transient, Scope::Chat),
        (452, Some("4.2.2"), "mailbox full", Rcpt, Transient, Scope::Chat),
        (452, Some("4.3.1"), "no space", Data, Transient, Scope::Chat),
        (454, Some("4.7.0"), "temporary authentication failure", Login, Transient, Scope::Chat),
        (441, Some("4.9.9"), "whatever", Data, Transient, Scope::Chat),
        (421, Some("4.7.0"), "try again later", Connect, RateLimited, Scope::Channel),
        (450, Some("4.7.28"), "unusual", Data, RateLimited, Scope::Channel),
        (421, None, "Too many connections", Connect, RateLimited, Scope::Channel),
        (451, None, "Rate exceeded", Data, RateLimited, Scope::Channel),
        (451, None, "a separate problem", Data, Transient, Scope::Chat),
        (452, Some("4.5.3"), "too many recipients", Rcpt, RateLimited, Scope::Chat),
        (550, Some("5.4.6"), "quota", Data, RateLimited, Scope::Channel),
        (454, Some("5.4.6"), "quota", Data, RateLimited, Scope::Channel),
        (550, Some("5.4.5"), "Daily user sending limit exceeded", Data, RateLimited, Scope::Channel),
        (550, Some("5.7.1"), "daily message quota exceeded", Data, RateLimited, Scope::Channel),
        (550, Some("5.1.1"), "no such user", Rcpt, Recipient, Scope::Chat),
        (550, Some("5.1.2"), "no such domain", Rcpt, Recipient, Scope::Chat),
        (550, Some("5.1.10"), "null MX", Rcpt, Recipient, Scope::Chat),
        (551, None, "user not local", Rcpt, Recipient, Scope::Chat),
        (553, Some("5.1.3"), "bad syntax", Rcpt, Recipient, Scope::Chat),
        (550, Some("5.2.1"), "disabled", Rcpt, Recipient, Scope::Chat),
        (550, None, "no", Rcpt, Recipient, Scope::Chat),
        (552, Some("5.2.2"), "over quota", Rcpt, Transient, Scope::Chat),
        (552, None, "full", Rcpt, Transient, Scope::Chat),
        (552, Some("5.3.4"), "too big", Data, Content, Scope::Chat),
        (552, Some("5.2.3"), "too big", Data, Content, Scope::Chat),
        (552, None, "too big", Sender, Content, Scope::Chat),
        (554, Some("5.6.0"), "bad content", Data, Content, Scope::Chat),
        (550, Some("5.7.1"), "looks like spam", Data, Content, Scope::Chat),
        (554, None, "no", Data, Content, Scope::Chat),
        (555, None, "SMTPUTF8", Sender, Content, Scope::Chat),
        (535, Some("5.7.8"), "bad credentials", Login, Auth, Scope::Channel),
        (534, Some("5.7.9"), "app password", Login, Auth, Scope::Channel),
        (530, Some("5.7.0"), "STARTTLS first", Sender, Auth, Scope::Channel),
        (538, None, "encrypt", Login, Auth, Scope::Channel),
        (550, Some("5.7.26"), "fails DMARC", Data, Auth, Scope::Channel),
        (550, Some("5.7.60"), "cannot send as", Data, Auth, Scope::Channel),
        (553, None, "sender not owned by user", Sender, Auth, Scope::Channel),
        (554, Some("5.7.1"), "Relay access denied", Rcpt, Auth, Scope::Channel),
        (554, Some("5.7.1"), "blocked by a list", Connect, Transient, Scope::Channel),
        (500, None, "what?", Data, Content, Scope::Chat),
    ] {
        let error = refused(code, enhanced, words, stage);
        assert_eq!((error.class, error.scope), (class, scope), "{code} {enhanced:?} {words} {stage:?}");
        assert_eq!(error.code, enhanced.map_or_else(|| code.to_string(), str::to_owned));
        assert_eq!(error.detail, format!("{code} {words}"));
        assert!(error.reason.es.len() > 20 && error.reason.en.len() > 20);
        let quota = class == RateLimited && error.reason.es.contains("límite de envíos");
        assert_eq!(error.retry_after, quota.then_some(Duration::from_secs(3_600)), "no server says how long");
    }
}

#[test]
fn p6_a_mail_that_was_lost_on_the_way_is_not_one_that_was_refused() {
    let lost = |failure| send(&Server::of(Err(failure)), &outbound(thread(), text("x"))).unwrap_err().class;
    assert_eq!(lost(MailFailure::NotSent("refused".into())), ErrorClass::Transient);
    assert_eq!(lost(MailFailure::Unknown("reset".into())), ErrorClass::Unknown);
    let act = || Act::File { file: file(0, MediaKind::Document, "a/b", "a", 1), caption: None };
    for (failure, class) in [
        (Failure::Unknown("reset".into()), ErrorClass::Transient),
        (Failure::NotSent("down".into()), ErrorClass::Transient),
        (Failure::Local("gone".into()), ErrorClass::Content),
    ] {
        let server = Server { blobs: HashMap::from([("0".to_owned(), Err(failure))]), ..Server::willing() };
        assert_eq!(send(&server, &outbound(thread(), act())).unwrap_err().class, class);
    }
}

#[test]
fn p8_a_servers_words_are_bounded() {
    let error = refused(550, None, &"ñ".repeat(2_000), SmtpStage::Data);
    assert!(error.detail.len() <= 500);
    let server = Server::of(Ok(format!("250 {}", "ñ".repeat(2_000))));
    assert!(send(&server, &outbound(thread(), text("x"))).unwrap().note.unwrap().len() <= 500);
}

#[test]
fn codes_are_explained() {
    use ErrorClass::{Auth, Content, RateLimited, Recipient, Transient};
    for (code, class) in [
        ("5.1.1", Recipient),
        ("5.1.2", Recipient),
        ("5.1.3", Recipient),
        ("5.1.10", Recipient),
        ("5.1.99", Recipient),
        ("5.2.1", Recipient),
        ("5.2.2", Transient),
        ("5.2.3", Content),
        ("5.3.4", Content),
        ("5.4.4", Recipient),
        ("5.4.6", RateLimited),
        ("4.5.3", RateLimited),
        ("5.6.1", Content),
        ("5.7.1", Content),
        ("5.7.8", Auth),
        ("5.7.9", Auth),
        ("5.7.26", Auth),
        ("5.0.0", Content),
        ("4.4.7", Transient),
        ("550", Recipient),
        ("552", Content),
        ("554", Content),
        ("535", Auth),
        ("421", Transient),
    ] {
        let (found, reason) = (KIND.explain)(code).unwrap();
        assert_eq!(found, class, "{code}");
        assert!(!reason.es.is_empty() && !reason.en.is_empty());
    }
    for unknown in ["", "x", "2.0.0", "250", "5.1", "5.x.1", "5.", "55", "5500"] {
        assert!((KIND.explain)(unknown).is_none(), "{unknown}");
    }
}

#[test]
fn without_a_server_a_mailbox_only_receives() {
    assert!(open(&[("address", "a@b.c"), ("webhook_token", "t")]).outlet().is_none());
    assert!(mailbox().outlet().is_some() && !format!("{:?}", mailbox()).contains("invented"), "P9");
}

#[test]
fn without_a_reply_key_answers_go_to_the_mailbox() {
    let plain = open(&[
        ("address", "a@b.c"),
        ("webhook_token", "t"),
        ("smtp_host", "smtp.example.org"),
        ("smtp_password", "x"),
    ]);
    let server = Server::willing();
    run(plain.outlet().unwrap().send(&server, &outbound(thread(), text("x")))).unwrap();
    let data = server.letters.lock().unwrap().pop().unwrap().data;
    let mail = String::from_utf8(data.to_vec()).unwrap();
    assert_eq!((header(&mail, "Reply-To"), header(&mail, "From").as_deref()), (None, Some("<a@b.c>")));
}

#[test]
fn a_destination_is_a_mail_address() {
    let mailbox = mailbox();
    let destination = |text: &str| mailbox.outlet().unwrap().destination(text);
    for given in ["ida@example.net", " Ida@Example.NET ", "Ida Ruiz <IDA@example.net>"] {
        let found = destination(given).unwrap();
        assert_eq!(found.identities, [Identity::new(Identity::EMAIL, "ida@example.net")], "{given}");
        assert_eq!((found.account.as_str(), found.keys), ("ida@example.net", Vec::new()));
    }
    for wrong in ["", "ida", "ida@", "@example.net", "a@b.c, d@e.f", "+56912345678"] {
        assert!(destination(wrong).unwrap_err().contains("dirección de correo"), "{wrong}");
    }
}

#[test]
fn the_pace_is_a_persons_or_the_operators() {
    let usual = mailbox().outlet().unwrap().pacing(&thread());
    assert_eq!((usual.channel.interval, usual.channel.burst), (Duration::from_millis(500), 10));
    assert_eq!((usual.chat.interval, usual.chat.burst), (Duration::from_secs(2), 3));
    let slow = mailbox_with(&[("sends_per_minute", "6")]).outlet().unwrap().pacing(&thread()).channel;
    assert_eq!((slow.interval, slow.burst), (Duration::from_secs(10), 6));
}

#[test]
fn files_of_mails_came_within_them() {
    let mailbox = mailbox();
    let source = MediaSource::Url { url: "https://storage.example/x".into() };
    let wanted = Wanted { source, message: None, size: None, extra: None };
    let error = run(mailbox.outlet().unwrap().locate(&Server::willing(), &wanted)).unwrap_err();
    assert_eq!(error.class, ErrorClass::Content);
}

fn probe(mailbox: &dyn Channel, server: &Server) -> Vec<Finding> {
    run(mailbox.outlet().unwrap().probe(server, None))
}

#[test]
fn p10_a_mailbox_that_works_is_called_sound() {
    let imap = [("mode", "imap"), ("imap_host", "imap.example.org"), ("imap_password", "invented")];
    let findings = probe(&*mailbox_with(&imap), &Server::willing());
    assert_eq!(findings.len(), 3, "{findings:#?}");
    assert!(findings.iter().all(|finding| finding.ok), "{findings:#?}");
    assert_eq!(probe(&*mailbox(), &Server::willing()).len(), 2, "no mailbox is watched");
}

#[test]
fn p10_a_mailbox_that_does_not_work_is_explained() {
    let refused = |code, stage| MailFailure::Refused { code, enhanced: None, text: "no".into(), stage };
    for (failure, remedy) in [
        (refused(535, SmtpStage::Login), "app password"),
        (refused(534, SmtpStage::Login), "app password"),
        (refused(530, SmtpStage::Login), "smtp_tls"),
        (refused(554, SmtpStage::Connect), "blocklist"),
        (refused(550, SmtpStage::Sender), "server's words"),
        (MailFailure::NotSent("refused".into()), "smtp_port"),
        (MailFailure::Unknown("reset".into()), "smtp_port"),
    ] {
        let findings = probe(&*mailbox(), &Server::of(Err(failure.clone())));
        assert!(!findings[0].ok && findings[0].remedy.as_ref().unwrap().contains(remedy), "{failure}: {findings:#?}");
        assert!(!format!("{findings:?}").contains("invented"));
    }
    let imap = [("mode", "imap"), ("imap_host", "imap.example.org"), ("imap_password", "invented")];
    let server = Server { imap: Err("NO [AUTHENTICATIONFAILED]".into()), ..Server::willing() };
    let findings = probe(&*mailbox_with(&imap), &server);
    assert!(findings[0].ok && !findings[1].ok && findings[1].remedy.as_ref().unwrap().contains("imap_password"));
    let long = [("address", "a-very-long-name-for-a-mailbox@example.org")];
    let findings = probe(&*mailbox_with(&long), &Server::willing());
    assert!(!findings[1].ok && findings[1].remedy.is_some(), "{findings:#?}");
}

/// The keys that are complained about, for a mailbox with these settings of its way out.
fn wrong(pairs: &[(&str, &str)]) -> Vec<String> {
    let mut all = vec![("address", "a@b.c"), ("webhook_token", "t")];
    all.extend(pairs);
    let opened = Settings::of(&KIND, all).and_then(|settings| (KIND.open)(&settings));
    opened.map(|_| ()).err().map(|error| error.0.into_iter().map(|(key, _)| key).collect()).unwrap_or_default()
}

#[test]
fn the_way_out_is_checked_when_it_is_set() {
    let none: [&str; 0] = [];
    assert_eq!(wrong(&[("smtp_host", "smtp.x"), ("smtp_password", "p")]), none);
    assert_eq!(wrong(&[("servidor_smtp", "smtp.x"), ("usuario_smtp", "u"), ("clave_smtp", "p")]), none);
    assert_eq!(wrong(&[("smtp_host", "localhost"), ("smtp_tls", "none"), ("smtp_port", "2525")]), none);
    assert_eq!(wrong(&[("smtp_host", "smtp.x")]), ["smtp_password"]);
    assert_eq!(wrong(&[("smtp_host", "localhost"), ("smtp_user", "u")]), ["smtp_password"]);
    assert_eq!(wrong(&[("smtp_host", "smtp.x"), ("smtp_password", "p"), ("smtp_tls", "none")]), ["smtp_tls"]);
    assert_eq!(wrong(&[("smtp_password", "p")]), ["smtp_host"]);
    let all = [
        ("smtp_host", "smtp x/y"),
        ("smtp_port", "0"),
        ("sends_per_minute", "0"),
        ("from_name", "a\nb"),
        ("smtp_tls", "implicit"),
    ];
    assert_eq!(wrong(&all), ["smtp_host", "smtp_port", "sends_per_minute", "from_name", "smtp_password"]);
}

/// Notices the server that a mailbox uses.
#[derive(Default)]
struct Watcher(Mutex<Option<SmtpServer>>);

impl Io for Watcher {
    fn call(&self, _: Call) -> Flow<'_, Result<Reply, Failure>> {
        panic!("mail makes no HTTP call")
    }

    fn mail<'a>(&'a self, _: &'a SmtpServer, _: Letter) -> Flow<'a, Result<String, MailFailure>> {
        panic!("nothing is sent")
    }

    fn blob<'a>(&'a self, _: &'a str) -> Flow<'a, Result<Bytes, Failure>> {
        panic!("nothing is read")
    }

    fn try_smtp<'a>(&'a self, server: &'a SmtpServer) -> Flow<'a, Result<String, MailFailure>> {
        *self.0.lock().unwrap() = Some(server.clone());
        Box::pin(async { Ok("mx".to_owned()) })
    }

    fn try_imap<'a>(&'a self, _: &'a ImapSource) -> Flow<'a, Result<(), String>> {
        panic!("no mailbox is watched")
    }
}

#[test]
fn a_server_is_reached_as_it_was_set() {
    let server = |pairs: &[(&str, &str)]| {
        let mut all = vec![("address", "a@b.c"), ("webhook_token", "t")];
        all.extend(pairs);
        let (mailbox, watcher) = (open(&all), Watcher::default());
        run(mailbox.outlet().unwrap().probe(&watcher, None));
        watcher.0.into_inner().unwrap().unwrap()
    };
    let usual = server(&[("smtp_host", "smtp.x"), ("smtp_password", "invented")]);
    assert_eq!((usual.port, usual.tls), (587, SmtpTls::StartTls));
    let (user, password) = usual.login.as_ref().unwrap();
    assert_eq!((user.as_str(), password.expose_secret()), ("a@b.c", "invented"), "the password as it was given");
    assert!(!format!("{usual:?}").contains("invented"));
    let implicit =
        server(&[("smtp_host", "smtp.x"), ("smtp_password", "p"), ("smtp_tls", "implicit"), ("smtp_user", "u")]);
    assert_eq!((implicit.port, implicit.tls), (465, SmtpTls::Implicit));
    assert_eq!(implicit.login.unwrap().0, "u");
    let local = server(&[("smtp_host", "127.0.0.1"), ("smtp_tls", "none"), ("smtp_port", "2525")]);
    assert_eq!((local.port, local.tls, local.login.is_none()), (2525, SmtpTls::None, true));
}
