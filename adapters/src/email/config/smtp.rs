//! The settings of the way out.

use secrecy::SecretString;

use super::{Problems, is_loopback};
use crate::{
    Settings,
    outbound::{SmtpServer, SmtpTls},
};

/// Every setting that means nothing without `smtp_host`.
const DEPENDENT: [&str; 6] = ["smtp_port", "smtp_tls", "smtp_user", "smtp_password", "from_name", "sends_per_minute"];

/// Where our mails go out, and how they introduce themselves.
#[derive(Debug, Clone)]
pub(crate) struct Smtp {
    pub(crate) server: SmtpServer,
    pub(crate) from_name: Option<String>,
    /// 1 to 6,000.
    pub(crate) sends_per_minute: Option<u32>,
}

/// `None` if the mailbox only receives, or if something is wrong.
pub(super) fn read(settings: &Settings, address: &str, problems: &mut Problems) -> Option<Smtp> {
    let Some(host) = settings.get("smtp_host") else {
        if let Some(key) = DEPENDENT.into_iter().find(|key| settings.get(key).is_some()) {
            problems.add("smtp_host", &format!("is required together with {key}"));
        }
        return None;
    };
    if host.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '@')) {
        problems.add("smtp_host", "must be a server's name, such as smtp.example.org, without port or path");
    }
    let tls = tls(settings, host, problems)?;
    let port = problems.keep(settings.number("smtp_port", if tls == SmtpTls::Implicit { 465_u16 } else { 587 }));
    if port == Some(0) {
        problems.add("smtp_port", "must be a port between 1 and 65535");
    }
    let sends_per_minute = problems.keep(settings.number("sends_per_minute", 0_u32));
    if sends_per_minute.is_some_and(|rate| rate > 6_000 || rate == 0 && settings.get("sends_per_minute").is_some()) {
        problems.add("sends_per_minute", "must be a whole number from 1 to 6000");
    }
    let from_name = settings.get("from_name").map(str::to_owned);
    if from_name.as_ref().is_some_and(|name| name.len() > 200 || name.contains(char::is_control)) {
        problems.add("from_name", "must be one line of at most 200 bytes");
    }
    let login = login(settings, host, address, problems);
    let server = SmtpServer { host: host.to_owned(), port: port?, tls, login };
    Some(Smtp { server, from_name, sends_per_minute: sends_per_minute.filter(|rate| *rate > 0) })
}

fn tls(settings: &Settings, host: &str, problems: &mut Problems) -> Option<SmtpTls> {
    match settings.get("smtp_tls").map(str::to_ascii_lowercase).as_deref() {
        None | Some("starttls") => Some(SmtpTls::StartTls),
        Some("implicit" | "ssl") => Some(SmtpTls::Implicit),
        Some("none") if is_loopback(host) => Some(SmtpTls::None),
        Some("none") => {
            problems.add("smtp_tls", "may be none only for a server on this very machine (localhost)");
            None
        }
        Some(_) => {
            problems.add("smtp_tls", "must be starttls, implicit or none");
            None
        }
    }
}

/// A server on this very machine may ask for no password; no other takes mails from strangers.
fn login(settings: &Settings, host: &str, address: &str, problems: &mut Problems) -> Option<(String, SecretString)> {
    match settings.secret("smtp_password") {
        Some(password) => Some((settings.get("smtp_user").unwrap_or(address).to_owned(), password)),
        None => {
            if settings.get("smtp_user").is_some() || !is_loopback(host) {
                problems.add("smtp_password", "is required, unless the server runs on this very machine");
            }
            None
        }
    }
}
