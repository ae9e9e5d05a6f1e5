//! From a mailbox's settings to a session that is logged in.

use std::{fmt, io, sync::Arc, time::Duration};

use async_imap::{
    Client,
    error::Error,
    imap_proto::{Response, Status},
};
use relevo_adapters::{ImapSource, text};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::OnceCell,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::poller::trouble::Trouble;

/// Until the connection stands and the server has said its greeting.
const CONNECT: Duration = Duration::from_secs(15);
/// Until the server has decided about the password; some take their time over wrong ones.
const LOGIN: Duration = Duration::from_secs(60);
/// Bytes of a server's own words that are shown.
const WORDS: usize = 200;
/// Response codes that say "not now" (RFC 5530).
const NOT_NOW: [&str; 4] = ["[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]"];

/// A connection, encrypted or not.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + fmt::Debug> Wire for T {}

pub(super) type Imap = async_imap::Session<Box<dyn Wire>>;

/// The certificates that this machine trusts, read when the first mailbox needs them. Clones share them.
#[derive(Debug, Clone, Default)]
pub(in crate::poller) struct Roots(Arc<OnceCell<Arc<ClientConfig>>>);

impl Roots {
    async fn connector(&self) -> Result<TlsConnector, String> {
        let read = || async {
            tokio::task::spawn_blocking(read_roots).await.unwrap_or_else(|_| Err("the process is stopping".to_owned()))
        };
        self.0.get_or_try_init(read).await.map(|config| TlsConnector::from(config.clone()))
    }
}

fn read_roots() -> Result<Arc<ClientConfig>, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err("this machine has no root certificates to know servers by".to_owned());
    }
    client_config(roots)
}

fn client_config(roots: RootCertStore) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Connects and logs in. Gives also whether the server can IDLE.
pub(super) async fn connect(source: &ImapSource, roots: &Roots) -> Result<(Imap, bool), Trouble> {
    let speaker = Speaker(source);
    let client = match timeout(CONNECT, greet(source, roots)).await {
        Ok(Ok(client)) => client,
        Ok(Err(trouble)) => return Err(trouble),
        Err(_) => return Err(speaker.passing("does not answer")),
    };
    match timeout(LOGIN, login(client, source)).await {
        Ok(done) => done,
        Err(_) => Err(speaker.passing("does not answer to the login")),
    }
}

async fn greet(source: &ImapSource, roots: &Roots) -> Result<Client<Box<dyn Wire>>, Trouble> {
    let speaker = Speaker(source);
    let mut client = Client::new(open(source, roots).await?);
    let greeting = client.read_response().await.map_err(|error| speaker.passing(broken(&error)))?;
    match greeting.as_ref().map(|greeting| greeting.parsed()) {
        None => Err(speaker.passing("closes the connection at once")),
        Some(Response::Data { status: Status::Bye, outcome }) => {
            Err(speaker.refusal("turns us away", outcome.information.as_deref().unwrap_or_default()))
        }
        Some(_) => Ok(client),
    }
}

async fn open(source: &ImapSource, roots: &Roots) -> Result<Box<dyn Wire>, Trouble> {
    let speaker = Speaker(source);
    let unreachable =
        |error: io::Error| speaker.passing(format!("cannot be reached: {}", speaker.words(&error.to_string())));
    let tcp = TcpStream::connect((source.host.as_str(), source.port)).await.map_err(unreachable)?;
    if !source.tls {
        return Ok(Box::new(tcp));
    }
    let connector = roots.connector().await.map_err(Trouble::Setup)?;
    let name = ServerName::try_from(source.host.clone())
        .map_err(|_| Trouble::Setup(format!("{} is no name of a server", source.host)))?;
    let tls = connector.connect(name, tcp).await;
    let tls = tls.map_err(|error| {
        speaker.passing(format!("offers no TLS that we trust: {}", speaker.words(&error.to_string())))
    })?;
    Ok(Box::new(tls))
}

async fn login(client: Client<Box<dyn Wire>>, source: &ImapSource) -> Result<(Imap, bool), Trouble> {
    let speaker = Speaker(source);
    let login = client.login_with_capabilities(&source.user, source.password.expose_secret()).await;
    let (mut imap, capabilities) = login.map_err(|(error, _)| speaker.login_refused(&error))?;
    let capabilities = match capabilities {
        Some(capabilities) => capabilities,
        None => imap.capabilities().await.map_err(|error| speaker.passing(failure(&error)))?,
    };
    Ok((imap, capabilities.has_str("IDLE")))
}

/// Speaks about a mail server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Speaker<'a>(pub(super) &'a ImapSource);

impl Speaker<'_> {
    /// `the mail server <host> <what it does>`, as something that passes.
    pub(super) fn passing(&self, what: impl fmt::Display) -> Trouble {
        Trouble::Passing(format!("the mail server {} {what}", self.0.host))
    }

    /// What the server refuses, with its own words: something to mend, unless it says "not now".
    pub(super) fn refusal(&self, what: &str, words: &str) -> Trouble {
        let text = format!("the mail server {} {what}: {}", self.0.host, self.words(words));
        let upper = words.to_ascii_uppercase();
        match NOT_NOW.iter().any(|code| upper.contains(code)) {
            true => Trouble::Passing(text),
            false => Trouble::Setup(text),
        }
    }

    fn login_refused(&self, error: &Error) -> Trouble {
        match error {
            Error::No(words) | Error::Bad(words) => {
                let what = format!("does not accept user {} with this password", self.0.user);
                self.refusal(&what, information(words))
            }
            Error::Validate(_) => Trouble::Setup("the user name or password holds a line break".to_owned()),
            error => self.passing(failure(error)),
        }
    }

    /// A server's words, made harmless: it might repeat what it was sent.
    pub(super) fn words(&self, words: &str) -> String {
        let hushed = match self.0.password.expose_secret() {
            "" => words.to_owned(),
            password => words.replace(password, "****"),
        };
        text::clean(&hushed, WORDS)
    }
}

/// What happened to a connection, without what was sent over it.
pub(super) fn failure(error: &Error) -> String {
    match error {
        Error::Io(error) => broken(error),
        Error::ConnectionLost => "closed the connection".to_owned(),
        _ => "sends something that cannot be understood".to_owned(),
    }
}

/// What happened to a connection. An error that is not the system's may quote a mail.
pub(super) fn broken(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::Other => "sends something that cannot be understood".to_owned(),
        kind => format!("is gone: {kind}"),
    }
}

/// The server's own words out of the library's description of a refusal.
fn information(description: &str) -> &str {
    let words = description.split_once("info: Some(\"").and_then(|(_, rest)| rest.rsplit_once("\")"));
    words.map_or(description, |(words, _)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> ImapSource {
        ImapSource {
            host: "imap.example.org".to_owned(),
            port: 993,
            tls: true,
            user: "support".to_owned(),
            password: "hunter2".into(),
            folder: "INBOX".to_owned(),
            max_bytes: 1,
        }
    }

    #[test]
    fn p10_a_refused_login_is_told_in_the_servers_words_without_the_password() {
        let refused =
            Error::No("code: None, info: Some(\"[AUTHENTICATIONFAILED] No: LOGIN support hunter2\")".to_owned());
        let Trouble::Setup(text) = Speaker(&source()).login_refused(&refused) else { panic!() };
        assert_eq!(
            text,
            "the mail server imap.example.org does not accept user support with this password: \
             [AUTHENTICATIONFAILED] No: LOGIN support ****"
        );
    }

    #[test]
    fn a_server_that_says_not_now_is_no_wrong_password() {
        for code in ["[UNAVAILABLE]", "[inuse]", "[LIMIT]"] {
            let refused = Error::No(format!("code: None, info: Some(\"{code} later\")"));
            assert!(matches!(Speaker(&source()).login_refused(&refused), Trouble::Passing(_)), "{code}");
        }
        assert!(matches!(Speaker(&source()).login_refused(&Error::ConnectionLost), Trouble::Passing(_)));
    }

    #[test]
    fn p9_an_answer_that_cannot_be_read_is_not_quoted() {
        let error = io::Error::other("during parsing of: dear support, my card number is");
        assert_eq!(broken(&error), "sends something that cannot be understood");
    }
}
