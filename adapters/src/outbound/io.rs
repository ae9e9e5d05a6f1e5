//! The calls that an outlet makes. It describes them; whoever holds the sockets makes them.

use std::{fmt, pin::Pin, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method};
use secrecy::SecretString;
use serde_json::Value;

use super::{ErrorClass, Explained, SendError};
use crate::ImapSource;

/// What an outlet's steps are: futures that can be sent between threads.
pub type Flow<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How long a call may take unless it says otherwise.
pub const CALL: Duration = Duration::from_secs(30);

/// Who makes the calls.
pub trait Io: Send + Sync {
    /// Makes an HTTP call and reads the whole answer, whatever its status. Follows no redirect.
    fn call(&self, call: Call) -> Flow<'_, Result<Reply, Failure>>;

    /// Hands a mail to a server.
    fn mail<'a>(&'a self, server: &'a SmtpServer, letter: Letter) -> Flow<'a, Result<String, MailFailure>>;

    /// A stored file, whole.
    fn blob<'a>(&'a self, sha256: &'a str) -> Flow<'a, Result<Bytes, Failure>>;

    /// Logs in to a mail server and out again, sending nothing; says who answered.
    fn try_smtp<'a>(&'a self, server: &'a SmtpServer) -> Flow<'a, Result<String, MailFailure>>;

    /// Logs in to a mailbox, opens its folder and logs out again; says why not.
    fn try_imap<'a>(&'a self, source: &'a ImapSource) -> Flow<'a, Result<(), String>>;
}

/// An HTTP call.
pub struct Call {
    pub method: Method,
    /// May hold credentials: never to be logged.
    pub url: SecretString,
    /// Sent as `Authorization: Bearer …`.
    pub bearer: Option<SecretString>,
    pub body: Body,
    /// How long until the answer is there.
    pub timeout: Duration,
}

impl Call {
    pub fn get(url: impl Into<String>) -> Self {
        Self::of(Method::GET, url, Body::Empty)
    }

    pub fn post(url: impl Into<String>, body: Body) -> Self {
        Self::of(Method::POST, url, body)
    }

    pub fn of(method: Method, url: impl Into<String>, body: Body) -> Self {
        Self { method, url: SecretString::from(url.into()), bearer: None, body, timeout: CALL }
    }

    #[must_use]
    pub fn bearer(mut self, token: &SecretString) -> Self {
        self.bearer = Some(token.clone());
        self
    }

    #[must_use]
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({} ***)", self.method)
    }
}

/// The body of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    Empty,
    Json(Value),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
    /// `multipart/form-data`; files are streamed.
    Multipart(Vec<Part>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub name: String,
    pub content: PartContent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartContent {
    Text(String),
    /// A stored file.
    File {
        sha256: String,
        size: u64,
        mime: String,
        file_name: String,
    },
}

/// An answer, whatever it says.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    /// At most a few MiB; a larger one is a [`Failure::Unknown`].
    pub body: Bytes,
}

impl Reply {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A call without an answer. The texts name no URL and no credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The request was certainly not received: no connection, no name, no TLS.
    #[error("not connected: {0}")]
    NotSent(String),
    /// The request, or a part of it, was written: it may have had its effect.
    #[error("no answer: {0}")]
    Unknown(String),
    /// Something of ours stands in the way: a file is missing, a value is no header.
    #[error("cannot be asked for: {0}")]
    Local(String),
}

const NOT_SENT: Explained = Explained {
    es: "No hay conexión con la plataforma; se volverá a intentar automáticamente.",
    en: "The platform cannot be reached; it will be tried again automatically.",
};
const UNKNOWN: Explained = Explained {
    es: "La plataforma no respondió; no se sabe si el mensaje fue entregado.",
    en: "The platform did not answer; whether the message was delivered is not known.",
};
const LOCAL: Explained =
    Explained { es: "Un archivo del mensaje ya no está disponible.", en: "A file of the message is no longer there." };

impl From<Failure> for SendError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent(why) => Self::new(ErrorClass::Transient, "network", why, NOT_SENT),
            Failure::Unknown(why) => Self::new(ErrorClass::Unknown, "timeout", why, UNKNOWN),
            Failure::Local(why) => Self::new(ErrorClass::Content, "file", why, LOCAL),
        }
    }
}

/// A server that takes our mails.
#[derive(Clone)]
pub struct SmtpServer {
    pub host: String,
    pub port: u16,
    pub tls: SmtpTls,
    /// User and password; `None` for a server that asks for none (on this very machine).
    pub login: Option<(String, SecretString)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// TLS from the first byte (465).
    Implicit,
    /// STARTTLS, required (587).
    StartTls,
    /// Plain text, for loopback and tests only.
    None,
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpServer({}:{})", self.host, self.port)
    }
}

/// A mail with its envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// `MAIL FROM`; `None` is the null sender.
    pub from: Option<String>,
    pub to: Vec<String>,
    /// RFC 5322, CRLF.
    pub data: Bytes,
}

/// A mail that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailFailure {
    /// The server said no.
    #[error("{code} {text}")]
    Refused {
        code: u16,
        /// RFC 3463 code, if the server gave one (`5.7.8`).
        enhanced: Option<String>,
        text: String,
        stage: SmtpStage,
    },
    /// Nothing was handed over: no connection, no name, no TLS, lost before the mail's end.
    #[error("not connected: {0}")]
    NotSent(String),
    /// Lost after the final dot: the server may have taken it.
    #[error("no answer: {0}")]
    Unknown(String),
}

/// Where in the conversation with a mail server something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpStage {
    Connect,
    Login,
    Sender,
    Recipient,
    Data,
}
