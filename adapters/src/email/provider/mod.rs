//! The forms in which mail providers hand mails over (`email.md §1`): each becomes a [`Mail`].
//!
//! [`Mail`]: super::mail::Mail

pub(crate) mod mailgun;
pub(crate) mod postmark;
pub(crate) mod sendgrid;

use serde_json::{Map, Value, json};

use super::mail::{Mail, tidy_id};
use crate::text;

/// What a webhook body was found to be.
#[derive(Debug)]
pub(crate) enum Delivery {
    Mail(Box<Mail>),
    /// News about mails of ours.
    News(News),
}

/// One piece of news about a mail of ours, as a provider tells it.
#[derive(Debug, Default)]
pub(crate) struct News {
    pub(crate) provider: &'static str,
    /// The provider's word for it (`HardBounce`, `failed`).
    pub(crate) kind: String,
    /// Dedup key; empty if the provider gives none.
    pub(crate) key: String,
    /// Milliseconds.
    pub(crate) at: Option<i64>,
    /// Set if it is about the delivery of one mail; otherwise it is a mere notice.
    pub(crate) bounce: Option<crate::Bounce>,
    pub(crate) raw: Value,
}

/// Bytes of one check result that are kept.
const MAX_CHECK: usize = 2_000;

/// The dedup key of a provider's id.
pub(crate) fn key(provider: &str, id: &str) -> String {
    format!("{provider}:{}", tidy_id(id))
}

/// The entries that have a value, for [`Mail::checks`].
pub(crate) fn checks<const N: usize>(entries: [(&str, Option<String>); N]) -> Map<String, Value> {
    entries
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), json!(text::truncate(&value?, MAX_CHECK)))))
        .collect()
}

/// Addresses of a comma-separated list.
pub(crate) fn list(addresses: &str) -> Vec<String> {
    addresses.split(',').map(str::trim).filter(|address| !address.is_empty()).map(str::to_owned).collect()
}

/// Raw bytes as a mail with what the envelope says; `None` if they are none.
pub(crate) fn raw_mail(raw: &bytes::Bytes, provider: &'static str) -> Option<Mail> {
    let mut mail = super::raw::read(raw)?;
    mail.provider = provider;
    Some(mail)
}

/// An id without angle brackets and blanks.
pub(crate) fn bare_id(id: &str) -> String {
    id.trim().trim_matches(['<', '>']).trim().to_owned()
}
