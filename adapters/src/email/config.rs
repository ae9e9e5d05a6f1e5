//! A mailbox's settings.

mod smtp;

use std::net::IpAddr;

use base64::Engine;
use secrecy::SecretString;
pub(crate) use smtp::Smtp;

use crate::{ImapSource, Setting, Settings, SettingsError};

/// Largest mail fetched over IMAP, bytes; larger ones become a placeholder.
const MAX_IMAP_BYTES: u32 = 40 << 20;

pub(crate) static SETTINGS: &[Setting] = &[
    Setting {
        required: true,
        ..plain(
            "address",
            &["account", "app", "email", "mail", "correo"],
            "the mailbox's address, such as support@example.org",
        )
    },
    plain(
        "aliases",
        &["other_addresses"],
        "other addresses of the same mailbox, comma separated: mail from them is our own",
    ),
    plain(
        "webhook_user",
        &["basic_user"],
        "user name in the webhook URL (https://USER:password@…), your own choice; goes with webhook_password",
    ),
    secret(
        "webhook_password",
        &["basic_password"],
        "password in the webhook URL, your own choice; goes with webhook_user",
    ),
    secret(
        "webhook_token",
        &["verify_token"],
        "secret at the end of the webhook URL (?token=…), your own choice; for providers that do not sign",
    ),
    secret(
        "mailgun_signing_key",
        &["mailgun_key", "signing_key"],
        "Mailgun dashboard, API security, HTTP webhook signing key",
    ),
    plain(
        "sendgrid_public_key",
        &["sendgrid_key", "sendgrid_verification_key"],
        "SendGrid, Inbound Parse security policy (or signed event webhook): the public key, base64",
    ),
    secret(
        "reply_token_key",
        &["reply_key"],
        "any long random text: signs the reply addresses (local+token@domain) that keep answers in their conversation",
    ),
    plain("mode", &[], "webhook (default): a provider pushes mails to us; imap: we watch a mailbox"),
    plain("imap_host", &["host"], "IMAP server, such as imap.example.org (mode imap)"),
    plain("imap_port", &["port"], "IMAP port, 993 unless your provider says otherwise"),
    plain(
        "imap_tls",
        &["tls"],
        "true (default): TLS from the first byte; false is for a server on this very machine only",
    ),
    plain("imap_user", &["user", "username"], "IMAP user name; the address unless your provider says otherwise"),
    secret(
        "imap_password",
        &["password", "token", "access_token"],
        "IMAP password, or an app password where the provider wants one",
    ),
    plain("imap_folder", &["folder"], "IMAP folder to watch, INBOX unless said otherwise"),
    plain(
        "max_attachment_bytes",
        &[],
        "larger attachments are replaced by a remark; bytes, 26214400 unless said otherwise",
    ),
    plain("max_attachments", &[], "attachments of one mail that are kept, 50 unless said otherwise"),
    plain(
        "smtp_host",
        &["smtp", "smtp_server", "servidor_smtp", "outgoing_server"],
        "server that sends our mails, such as smtp.example.org; without it the mailbox only receives",
    ),
    plain("smtp_port", &["puerto_smtp"], "SMTP port; 587 unless said otherwise, or 465 if smtp_tls is implicit"),
    plain(
        "smtp_tls",
        &["smtp_security", "smtp_encryption"],
        "starttls (default, port 587), implicit (TLS from the first byte, port 465), or none for a server on this \
         very machine only",
    ),
    plain(
        "smtp_user",
        &["smtp_username", "usuario_smtp"],
        "SMTP user name; the address unless your provider says otherwise",
    ),
    secret(
        "smtp_password",
        &["smtp_pass", "clave_smtp"],
        "SMTP password: an app password where the provider wants one (Gmail: Google account, Security, App passwords)",
    ),
    plain(
        "from_name",
        &["display_name", "sender_name", "nombre_remitente"],
        "name that customers see beside the address, such as Soporte Acme",
    ),
    plain(
        "sends_per_minute",
        &["mails_per_minute"],
        "mails sent per minute, 1 to 6000; 120 unless your provider allows less or more",
    ),
];

const fn plain(key: &'static str, aliases: &'static [&'static str], help: &'static str) -> Setting {
    Setting { key, aliases, secret: false, required: false, help }
}

const fn secret(key: &'static str, aliases: &'static [&'static str], help: &'static str) -> Setting {
    Setting { secret: true, ..plain(key, aliases, help) }
}

/// What a mailbox is and what may prove that a webhook is its own.
#[derive(Debug)]
pub(crate) struct Config {
    /// Lower case.
    pub(crate) address: String,
    /// Other own addresses, lower case.
    pub(crate) aliases: Vec<String>,
    pub(crate) basic: Option<(SecretString, SecretString)>,
    pub(crate) token: Option<SecretString>,
    pub(crate) mailgun_key: Option<SecretString>,
    /// Uncompressed P-256 point, 65 bytes.
    pub(crate) sendgrid_key: Option<Vec<u8>>,
    pub(crate) reply_key: Option<SecretString>,
    pub(crate) imap: Option<ImapSource>,
    /// Where our mails go out; `None`: it only receives.
    pub(crate) smtp: Option<Smtp>,
    pub(crate) max_attachment_bytes: u64,
    pub(crate) max_attachments: usize,
}

/// Keeps the value, or notes what is wrong and goes on, so that all problems are told at once.
struct Problems(Vec<(String, String)>);

impl Problems {
    fn keep<T>(&mut self, result: Result<T, SettingsError>) -> Option<T> {
        result.map_err(|error| self.0.extend(error.0)).ok()
    }

    fn add(&mut self, key: &str, text: &str) {
        self.0.push((key.to_owned(), text.to_owned()));
    }
}

impl Config {
    /// # Errors
    /// Every setting that is missing or wrong, all at once.
    pub(crate) fn of(settings: &Settings) -> Result<Self, SettingsError> {
        let mut problems = Problems(Vec::new());
        let address = settings.get("address").unwrap_or_default().to_lowercase();
        if !is_address(&address) {
            problems.add("address", "must be a mail address, such as support@example.org");
        }
        let aliases = own_aliases(settings, &mut problems);
        let imap_mode = match settings.get("mode").map(str::to_ascii_lowercase).as_deref() {
            None | Some("webhook") => false,
            Some("imap") => true,
            Some(_) => {
                problems.add("mode", "must be webhook or imap");
                false
            }
        };
        let config = Self {
            basic: basic(settings, &mut problems),
            token: settings.secret("webhook_token"),
            mailgun_key: settings.secret("mailgun_signing_key"),
            sendgrid_key: sendgrid_key(settings, &mut problems),
            reply_key: settings.secret("reply_token_key"),
            imap: imap_mode.then(|| imap(settings, &address, &mut problems)).flatten(),
            smtp: smtp::read(settings, &address, &mut problems),
            max_attachment_bytes: problems
                .keep(settings.number("max_attachment_bytes", 26_214_400))
                .unwrap_or_default(),
            max_attachments: problems.keep(settings.number("max_attachments", 50)).unwrap_or_default(),
            address,
            aliases,
        };
        if !imap_mode && problems.0.is_empty() && !config.has_proof() {
            problems.add(
                "webhook_token",
                "in mode webhook one of these is required, so that nobody else can post mails: webhook_token, \
                 webhook_user with webhook_password, mailgun_signing_key, sendgrid_public_key",
            );
        }
        if problems.0.is_empty() { Ok(config) } else { Err(SettingsError(problems.0)) }
    }

    fn has_proof(&self) -> bool {
        self.basic.is_some() || self.token.is_some() || self.mailgun_key.is_some() || self.sendgrid_key.is_some()
    }

    /// Whether `address` (lower case) is one of this mailbox's, with or without a reply token.
    pub(crate) fn is_own(&self, address: &str) -> bool {
        let without_tag = address
            .split_once('@')
            .map(|(local, domain)| format!("{}@{domain}", local.split_once('+').map_or(local, |(base, _)| base)));
        std::iter::once(&self.address)
            .chain(&self.aliases)
            .any(|own| own == address || without_tag.as_ref() == Some(own))
    }
}

/// Whether `text` can be a mail address and nothing else.
pub(crate) fn is_address(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && text.len() <= 254
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | '<' | '>'))
}

fn own_aliases(settings: &Settings, problems: &mut Problems) -> Vec<String> {
    let aliases: Vec<String> = settings
        .get("aliases")
        .unwrap_or_default()
        .split([',', ';', ' ', '\n'])
        .map(|alias| alias.trim().to_lowercase())
        .filter(|alias| !alias.is_empty())
        .collect();
    if !aliases.iter().all(|alias| is_address(alias)) {
        problems.add("aliases", "must be mail addresses, separated by commas");
    }
    aliases
}

fn basic(settings: &Settings, problems: &mut Problems) -> Option<(SecretString, SecretString)> {
    match (settings.secret("webhook_user"), settings.secret("webhook_password")) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        (Some(_), None) => {
            problems.add("webhook_password", "is required together with webhook_user");
            None
        }
        (None, Some(_)) => {
            problems.add("webhook_user", "is required together with webhook_password");
            None
        }
    }
}

/// The point of a P-256 key given as base64 of its SubjectPublicKeyInfo (91 bytes), or of the bare point (65).
fn sendgrid_key(settings: &Settings, problems: &mut Problems) -> Option<Vec<u8>> {
    let text = settings.get("sendgrid_public_key")?;
    let encoded: String =
        text.lines().filter(|line| !line.starts_with("-----")).flat_map(str::split_whitespace).collect();
    let key = base64::engine::general_purpose::STANDARD.decode(encoded).ok();
    let point = key.filter(|key| matches!(key.len(), 65 | 91)).map(|key| key[key.len() - 65..].to_vec());
    let point = point.filter(|point| point.first() == Some(&4));
    if point.is_none() {
        problems.add("sendgrid_public_key", "must be the base64 public key that SendGrid shows (ECDSA P-256)");
    }
    point
}

fn imap(settings: &Settings, address: &str, problems: &mut Problems) -> Option<ImapSource> {
    let host = settings.get("imap_host");
    let password = settings.secret("imap_password");
    if host.is_none() {
        problems.add("imap_host", "is required in mode imap");
    }
    if password.is_none() {
        problems.add("imap_password", "is required in mode imap");
    }
    let port = problems.keep(settings.number("imap_port", 993_u16));
    if port == Some(0) {
        problems.add("imap_port", "must be a port between 1 and 65535");
    }
    let tls = problems.keep(settings.flag("imap_tls", true));
    if tls == Some(false) && host.is_some_and(|host| !is_loopback(host)) {
        problems.add("imap_tls", "may be false only for a server on this very machine (localhost)");
    }
    Some(ImapSource {
        host: host?.to_owned(),
        port: port?,
        tls: tls?,
        user: settings.get("imap_user").unwrap_or(address).to_owned(),
        password: password?,
        folder: settings.get("imap_folder").unwrap_or("INBOX").to_owned(),
        max_bytes: MAX_IMAP_BYTES,
    })
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
