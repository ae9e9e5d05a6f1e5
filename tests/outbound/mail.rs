//! Mails out through a real mail server, with TLS, by the program as its user starts it.

use base64::{Engine, engine::general_purpose::STANDARD};
use relevo_adapters::{
    Blob, MediaKind,
    outbound::{Act, OutboundFile},
};
use reqwest::Url;

use super::house::{Outside, Plan};
use crate::support::{Backend, Program, Relevo, Submission, for_each_database, until};

/// A house whose mailbox submits to the real server, and a dispatcher that trusts its authority.
struct Office {
    outside: Outside,
    server: Submission,
    dispatcher: Program,
    /// No other mail says it.
    token: String,
}

/// How the channel connects.
#[derive(Debug, Clone, Copy)]
enum Tls {
    Start,
    Implicit,
}

impl Office {
    async fn open(backend: &Backend, tls: Tls) -> Self {
        Self::open_as(backend, tls, true, None).await
    }

    async fn open_as(backend: &Backend, tls: Tls, trusting: bool, password: Option<&str>) -> Self {
        let server = Submission::new();
        let outside = Outside::open_as(backend, Plan { dispatchers: 0, ..Plan::default() }).await;
        let (url, mode) = match tls {
            Tls::Start => (&server.url, "starttls"),
            Tls::Implicit => (&server.tls_url, "implicit"),
        };
        let password = password.unwrap_or_else(|| url.password().expect("a password"));
        outside.set("email", &submission(url, mode, password)).await;
        let relevo = Relevo::on(backend)
            .with("DISPATCH__POLL_MILLISECONDS", "50")
            .with("DISPATCH__RETRY_BASE_SECONDS", "1")
            .with("DISPATCH__RETRY_CAP_SECONDS", "1")
            .with("DISPATCH__TRIAL_AFTER_SECONDS", "600");
        let mut command = relevo.command(&["serve", "--json", "--roles", "dispatcher"]);
        if trusting {
            command.env("SSL_CERT_FILE", &server.ca);
        }
        let dispatcher = Program::start(command);
        let token = uuid::Uuid::new_v4().simple().to_string();
        Self { outside, server, dispatcher, token }
    }

    /// The conversation of a customer with this local part; each test has its own customers.
    async fn customer(&self, local: &str) -> String {
        self.outside.mail_customer(&self.address(local)).await
    }

    fn address(&self, local: &str) -> String {
        format!("{local}@{}.example.com", &self.token[..12])
    }

    /// Waits for the mail that arrived for this customer; gives it whole.
    async fn arrived(&self, local: &str) -> String {
        let recipient = format!("Envelope-to: {}", self.address(local));
        until("the mail is in the customer's mailbox", async || !self.server.mails_with(&recipient).is_empty()).await;
        let mut mails = self.server.mails_with(&recipient);
        assert_eq!(mails.len(), 1, "one mail");
        mails.remove(0)
    }

    async fn close(mut self) {
        self.dispatcher.terminate();
        let ended = self.dispatcher.end().await;
        assert_eq!(ended.code(), Some(0), "{ended}");
        let password = self.server.url.password().expect("a password");
        assert!(!ended.err.contains(&format!(":{password}@")), "no credentials in the log");
        self.outside.close().await;
    }
}

fn submission<'a>(url: &'a Url, mode: &'a str, password: &'a str) -> [(&'a str, &'a str); 5] {
    let port = url.as_str().rsplit(':').next().unwrap_or_default().trim_end_matches('/');
    [
        ("smtp_host", url.host_str().expect("a host")),
        ("smtp_port", port),
        ("smtp_tls", mode),
        ("smtp_user", url.username()),
        ("smtp_password", password),
    ]
}

/// Every byte there is, and what transports like to change: lone line ends, dots at the beginning of lines, no end.
fn awkward_bytes() -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..=255).collect();
    bytes.extend_from_slice(b"\r\n.\r\n..\n\r.\nFrom here\r\n\n\0\0");
    bytes.repeat(700)
}

/// The head and the bytes of a mail's attachment.
fn attachment(mail: &str) -> (&str, Vec<u8>) {
    let (before, _) = mail.split_once("Content-Disposition: attachment").expect("an attachment");
    let part = &mail[before.rfind("\n--").expect("a boundary")..];
    let (head, rest) = part.split_once("\n\n").expect("the end of its head");
    let base64: String = rest.lines().take_while(|line| !line.starts_with("--")).map(str::trim).collect();
    (head, STANDARD.decode(base64).expect("base64"))
}

for_each_database! {
    p5_a_mail_with_a_file_goes_out_over_starttls_and_arrives_unchanged: |backend| {
        let office = Office::open(backend, Tls::Start).await;
        let conversation = office.customer("ida").await;
        let blob = Blob::new(awkward_bytes());
        office.outside.house.base().blobs.put(&blob).await.expect("stored");
        let file = OutboundFile {
            sha256: blob.sha256.clone(),
            size: blob.bytes.len() as u64,
            mime: "application/octet-stream".to_owned(),
            file_name: "año «2026».bin".to_owned(),
            kind: MediaKind::Document,
            platform_id: None,
        };
        let words = "Estimada Ida:\n\n.Un punto al comienzo, y eñes.\n".to_owned();
        let act = Act::Text { text: words, html: None, subject: None, files: vec![file], buttons: Vec::new() };
        let message = office.outside.act(&conversation, act).await;
        let trail = office.outside.reaches(&message, "sent").await;
        assert!(trail.delivery.and_then(|delivery| delivery.note).is_some_and(|note| note.starts_with("250")));
        let mail = office.arrived("ida").await;
        let (head, bytes) = attachment(&mail);
        assert_eq!(bytes, &blob.bytes[..]);
        assert!(head.contains("a%C3%B1o%20%C2%AB2026%C2%BB.bin"), "{head}");
        assert!(mail.contains("Subject: Re: Pedido 7") && mail.contains("Un punto al comienzo, y e=C3=B1es"), "{mail}");
        office.close().await;
    }

    p5_a_mail_goes_out_over_tls_from_the_first_byte: |backend| {
        let office = Office::open(backend, Tls::Implicit).await;
        let conversation = office.customer("ida").await;
        let message = office.outside.reply(&conversation, "hola").await;
        office.outside.reaches(&message, "sent").await;
        assert!(office.arrived("ida").await.contains("hola"));
        office.close().await;
    }

    p9_a_server_that_nobody_vouches_for_gets_neither_password_nor_mail: |backend| {
        let office = Office::open_as(backend, Tls::Start, false, None).await;
        let conversation = office.customer("ida").await;
        let message = office.outside.reply(&conversation, "hola").await;
        until("it was tried", async || {
            let trail = office.outside.trail(&message).await;
            trail.steps.iter().any(|step| step.reason.as_ref().is_some_and(|reason| reason.detail.contains("certificate")))
        })
        .await;
        assert!(office.server.mails_with(&office.address("ida")).is_empty());
        assert_ne!(office.outside.status(&message).await, "sent");
        office.close().await;
    }

    a_wrong_password_holds_the_mailbox_says_why_and_costs_no_mail: |backend| {
        let office = Office::open_as(backend, Tls::Start, true, Some("wrong")).await;
        let conversations = [office.customer("ida").await, office.customer("bo").await];
        let mut messages = Vec::new();
        for conversation in &conversations {
            messages.push(office.outside.reply(conversation, "hola").await);
        }
        until("the mailbox is held", async || office.outside.trail(&messages[1]).await.hold.is_some()).await;
        let hold = office.outside.trail(&messages[0]).await.hold.expect("why");
        assert_eq!((hold.class.as_str(), hold.code.starts_with("5")), ("auth", true), "{hold:?}");
        assert!(hold.es.contains("contraseña") && !hold.detail.contains("wrong"), "{hold:?}");
        // Mended, both leave at once.
        let password = office.server.url.password().expect("a password").to_owned();
        office.outside.set("email", &[("smtp_password", &password)]).await;
        for message in &messages {
            let trail = office.outside.reaches(message, "sent").await;
            assert_eq!(trail.delivery.map(|delivery| delivery.possible_duplicate), Some(0));
        }
        office.arrived("ida").await;
        office.arrived("bo").await;
        office.close().await;
    }

    p5_an_unknown_recipient_fails_at_once_and_a_deferral_is_tried_again: |backend| {
        let office = Office::open(backend, Tls::Start).await;
        let (unknown, later) = (office.customer("nobody").await, office.customer("later").await);
        let deferred = office.outside.reply(&later, "hola").await;
        let message = office.outside.reply(&unknown, "hola").await;
        let failure = office.outside.reaches(&message, "failed").await.failure.expect("a reason");
        assert_eq!((failure.class.as_str(), failure.code.as_str()), ("recipient", "5.1.1"));
        until("the deferred one was tried again", async || {
            let steps = office.outside.trail(&deferred).await.steps;
            steps.iter().filter(|step| step.reason.as_ref().is_some_and(|reason| reason.class == "transient")).count() > 1
        })
        .await;
        let trail = office.outside.trail(&deferred).await;
        assert_eq!(trail.hold, None, "the mailbox itself is well");
        assert_ne!(trail.message.status.as_deref(), Some("failed"));
        office.close().await;
    }
}
