//! The contract between the house and a channel.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    Identity, Millis, Parsed, VerifyError,
    outbound::{ErrorClass, Explained, Outlet, Sending},
};

/// One kind of channel: what it is called, what it can do, which settings it takes, and how to open one.
pub struct Kind {
    /// The name on the wire (`whatsapp`, `telegram`, `email`, `facebook`).
    pub name: &'static str,
    /// Other names that requests may use for it.
    pub aliases: &'static [&'static str],
    /// The number by which Mundo Social's programs know it (`cana_id`); 3, which was Twitter's, is nobody's.
    pub number: i64,
    /// The path of its own on which its platform pushes to us, before the channel's uuid, if it is not the common one.
    pub push_path: Option<&'static str>,
    pub capabilities: Capabilities,
    /// The name spaces of its customers' addresses, the one that people know best first.
    pub schemes: &'static [Scheme],
    pub settings: &'static [Setting],
    /// Opens a configured channel.
    ///
    /// # Errors
    /// Every setting that is missing or wrong, all at once.
    pub open: fn(&Settings) -> Result<Box<dyn Channel>, SettingsError>,
    /// What a platform's error code means for an agent, if it is a known one.
    pub explain: fn(&str) -> Option<(ErrorClass, Explained)>,
    /// How threads get their author later, where the platform does not always say who wrote.
    pub authors: Option<&'static Authors>,
}

/// A name space of customers' addresses, as people write them.
#[derive(Debug)]
pub struct Scheme {
    /// The [`Identity`]'s scheme.
    pub name: &'static str,
    /// What people write before a value.
    pub before: &'static str,
    /// The value that is meant by this text, without blanks around it; `None` if it cannot be one. `account` is that of
    /// the channel, where one is named: some addresses are good on one account only.
    pub read: fn(text: &str, account: Option<&str>) -> Option<String>,
}

/// How a thread gets its author later: somebody says who it was.
#[derive(Debug)]
pub struct Authors {
    /// The names of the thread that people mean by this text (the id of a comment).
    pub names: fn(&str) -> Vec<String>,
    /// Who the person `person` is in the thread with these names, on the channel with this account; `None` if that
    /// cannot be an id of a person.
    pub author: fn(account: &str, names: &[String], person: &str) -> Option<Author>,
}

/// A thread's author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    pub identity: Identity,
    /// The names under which the author's next messages look for the thread.
    pub aliases: Vec<String>,
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Kind").field(&self.name).finish()
    }
}

/// What differs between platforms and can be said as data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capabilities {
    /// The largest webhook body the platform sends, in bytes; a larger one is refused with 413.
    pub max_webhook_bytes: usize,
    /// Whether the platform checks the URL with a GET before it sends anything.
    pub handshake: bool,
    /// How long after closing a new message reopens the ticket, unless the channel says otherwise; milliseconds.
    pub reopen_within_ms: Millis,
    /// How long after a notice of the house the same customer gets no other, milliseconds: where machines answer, one may
    /// begin a new thread for each. 0: customers get every notice.
    pub notice_pause_ms: Millis,
    /// What it can send; `None`: nothing.
    pub sending: Option<&'static Sending>,
}

/// One setting of a channel kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    pub key: &'static str,
    /// Other spellings that operators use for it.
    pub aliases: &'static [&'static str],
    /// Secrets are encrypted at rest and masked in every output.
    pub secret: bool,
    pub required: bool,
    pub help: &'static str,
}

/// A channel's settings by canonical key. `Debug` shows no value.
#[derive(Clone, Default)]
pub struct Settings(BTreeMap<String, SecretString>);

impl Settings {
    /// Sorts `pairs` under the canonical keys of `kind`.
    ///
    /// # Errors
    /// Names every unknown key, and the keys that exist.
    pub fn of<K: AsRef<str>, V: Into<String>>(
        kind: &Kind,
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, SettingsError> {
        let (settings, problems) = Self::sorted(kind, pairs);
        if problems.is_empty() { Ok(settings) } else { Err(SettingsError(problems)) }
    }

    /// The same for whoever has more to say about them: what is known of `pairs`, and what is wrong with the rest.
    pub fn sorted<K: AsRef<str>, V: Into<String>>(
        kind: &Kind,
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> (Self, Vec<(String, String)>) {
        let mut values = BTreeMap::new();
        let mut problems = Vec::new();
        for (key, value) in pairs {
            let key = key.as_ref();
            match kind.settings.iter().find(|setting| setting.key == key || setting.aliases.contains(&key)) {
                Some(setting) => {
                    values.insert(setting.key.to_owned(), SecretString::from(value.into().trim().to_owned()));
                }
                None => {
                    let known: Vec<&str> = kind.settings.iter().map(|setting| setting.key).collect();
                    problems.push((
                        key.to_owned(),
                        format!("{} has no such setting; it takes {}", kind.name, known.join(", ")),
                    ));
                }
            }
        }
        for setting in kind.settings.iter().filter(|setting| setting.required) {
            if values.get(setting.key).is_none_or(|value| value.expose_secret().is_empty()) {
                problems.push((setting.key.to_owned(), format!("is required: {}", setting.help)));
            }
        }
        (Self(values), problems)
    }

    /// The value of `key`; `None` if it is absent or empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|value| value.expose_secret()).filter(|value| !value.is_empty())
    }

    /// The value of a secret `key`; `None` if it is absent or empty.
    pub fn secret(&self, key: &str) -> Option<SecretString> {
        self.get(key).map(SecretString::from)
    }

    /// A yes/no setting (`true/false`, `1/0`, `yes/no`, `si/no`), or the default.
    ///
    /// # Errors
    /// If the value is none of these words.
    pub fn flag(&self, key: &str, default: bool) -> Result<bool, SettingsError> {
        match self.get(key).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(default),
            Some("true" | "1" | "yes" | "si" | "sí" | "s" | "on") => Ok(true),
            Some("false" | "0" | "no" | "n" | "off") => Ok(false),
            Some(_) => Err(SettingsError::one(key, "must be true or false")),
        }
    }

    /// A whole number, or the default.
    ///
    /// # Errors
    /// If the value is no number of the type.
    pub fn number<T: std::str::FromStr>(&self, key: &str, default: T) -> Result<T, SettingsError> {
        match self.get(key) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| SettingsError::one(key, "must be a whole number in range")),
        }
    }

    /// Keys and values, for storing them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Settings that are missing, unknown or wrong: `(key, what to do)`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(|(key, text)| format!("{key}: {text}")).collect::<Vec<_>>().join("; "))]
pub struct SettingsError(pub Vec<(String, String)>);

impl SettingsError {
    pub fn one(key: &str, text: impl Into<String>) -> Self {
        Self(vec![(key.to_owned(), text.into())])
    }
}

/// A webhook as it came.
#[derive(Debug, Clone, Copy)]
pub struct WebhookRequest<'a> {
    /// The query string, without `?`, still encoded.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    /// The raw body: signatures are checked over exactly these bytes.
    pub body: &'a Bytes,
}

impl WebhookRequest<'_> {
    /// The header's value, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// A payload of which nothing could be understood. It is authentic, so it is kept as a dead letter (P7).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseError(pub String);

/// Where a channel's events come from.
#[derive(Debug, Clone)]
pub enum Source {
    /// The platform pushes to us.
    Webhook,
    /// We ask an HTTP API that holds the answer until there is something (Telegram `getUpdates`).
    LongPoll(LongPollSource),
    /// We watch a mailbox.
    Imap(ImapSource),
}

/// An HTTP long poll. The answer is `{"ok":true,"result":[…]}`, each element with an increasing `update_id`.
#[derive(Clone)]
pub struct LongPollSource {
    /// Full URL with its credentials: never to be logged.
    pub url: SecretString,
    /// The kinds of update to ask for.
    pub allowed_updates: &'static [&'static str],
}

impl fmt::Debug for LongPollSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LongPollSource(***)")
    }
}

/// A mailbox to watch.
#[derive(Clone)]
pub struct ImapSource {
    pub host: String,
    pub port: u16,
    /// `true`: TLS from the first byte (993); `false`: plain text, for loopback and tests only.
    pub tls: bool,
    pub user: String,
    pub password: SecretString,
    pub folder: String,
    /// Larger mails become a placeholder; bytes.
    pub max_bytes: u32,
}

impl fmt::Debug for ImapSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ImapSource({}:{}/{})", self.host, self.port, self.folder)
    }
}

/// One configured channel: a number, a bot, a mailbox, a Page.
pub trait Channel: Send + Sync + fmt::Debug {
    /// The accounts by which shared webhooks name this channel, the unique one first (phone_number_id, then WABA id;
    /// Page id; bot id; mail address).
    fn accounts(&self) -> Vec<String>;

    /// Answers a GET check of the URL with the text to echo.
    ///
    /// # Errors
    /// If the token is not ours, or this kind knows no such check.
    fn handshake(&self, query: &str) -> Result<String, VerifyError>;

    /// Whether the request is authentic, over its raw bytes and in constant time.
    ///
    /// # Errors
    /// Why it is not. Nothing of the request may be stored then.
    fn verify(&self, request: &WebhookRequest<'_>, now: Millis) -> Result<(), VerifyError>;

    /// Translates an authentic webhook. Of a shared webhook it takes only what is addressed to this channel.
    ///
    /// # Errors
    /// If nothing of it could be understood.
    fn parse(&self, request: &WebhookRequest<'_>, now: Millis) -> Result<Parsed, ParseError>;

    /// Translates one payload that was fetched instead of pushed: one update, one raw mail.
    ///
    /// # Errors
    /// If nothing of it could be understood.
    fn decode(&self, payload: &Bytes, now: Millis) -> Result<Parsed, ParseError>;

    /// Where its events come from.
    fn source(&self) -> Source {
        Source::Webhook
    }

    /// Its way out, if it can send.
    fn outlet(&self) -> Option<&dyn Outlet> {
        None
    }
}
