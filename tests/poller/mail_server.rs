//! The mail server that `RELEVO_TEST_IMAP` names (`host:port:user:password`), and a customer who puts mails into it.

use std::env;

use tokio::net::TcpStream;
use uuid::Uuid;

use super::house::House;

/// A mailbox of this test's own.
pub(super) struct Mailbox {
    host: String,
    port: u16,
    pub(super) user: String,
    password: String,
    session: async_imap::Session<TcpStream>,
}

impl Mailbox {
    pub(super) async fn new() -> Self {
        let server = env::var("RELEVO_TEST_IMAP")
            .expect("RELEVO_TEST_IMAP is not set: run scripts/test, which starts the servers that tests need");
        let mut parts = server.split(':');
        let mut part = || parts.next().expect("host:port:user:password").to_owned();
        let (host, port) = (part(), part().parse().expect("a port"));
        // Any name that begins with "agent" has a mailbox, with the same password.
        let (user, password) = (format!("agent-{}@example.test", Uuid::new_v4().simple()), "secret".to_owned());
        let tcp = TcpStream::connect((host.as_str(), port)).await.expect("the server at RELEVO_TEST_IMAP answers");
        let mut client = async_imap::Client::new(tcp);
        client.read_response().await.expect("a greeting").expect("a greeting");
        let session = client.login(&user, &password).await.map_err(|(error, _)| error).expect("a mailbox of our own");
        Self { host, port, user, password, session }
    }

    pub(super) fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// A channel on this mailbox; `more` settings win.
    pub(super) async fn channel(&self, house: &House<'_>, more: &[(&str, &str)]) -> i64 {
        let port = self.port.to_string();
        let mut settings = vec![
            ("address", self.user.as_str()),
            ("mode", "imap"),
            ("imap_host", &self.host),
            ("imap_port", &port),
            ("imap_tls", "false"),
            ("imap_password", &self.password),
        ];
        settings.retain(|(key, _)| more.iter().all(|(other, _)| key != other));
        settings.extend_from_slice(more);
        house.add("email", &settings).await
    }

    /// A mail arrives.
    pub(super) async fn receives(&mut self, subject: &str) {
        self.receives_in("INBOX", subject, "Buenos días", None).await;
    }

    /// `received`: the INTERNALDATE, such as `01-Jan-2020 10:00:00 +0000`.
    pub(super) async fn receives_in(&mut self, folder: &str, subject: &str, text: &str, received: Option<&str>) {
        let received = received.map(|date| format!("\"{date}\""));
        let mail = mail(subject, text);
        self.session.append(folder, None, received.as_deref(), mail).await.expect("the mail is put there");
    }

    pub(super) async fn create(&mut self, folder: &str) {
        self.session.create(folder).await.expect("the folder is made");
    }

    pub(super) async fn delete(&mut self, folder: &str) {
        self.session.delete(folder).await.expect("the folder is deleted");
    }

    /// How many mails of the folder nobody has read.
    pub(super) async fn unread(&mut self, folder: &str) -> usize {
        self.session.examine(folder).await.expect("the folder opens");
        self.session.search("UNSEEN").await.expect("searched").len()
    }
}

/// A mail whose Message-ID is its subject's.
pub(super) fn mail(subject: &str, text: &str) -> String {
    let id: String = subject.chars().filter(char::is_ascii_alphanumeric).collect();
    format!(
        "From: Ida Ruiz <ida@example.org>\r\nTo: support@example.test\r\nSubject: {subject}\r\n\
         Message-ID: <{id}@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    )
}
