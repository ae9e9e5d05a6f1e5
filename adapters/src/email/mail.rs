//! One mail in between: what every provider's form is turned into, so that each rule exists once.

use bytes::Bytes;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::mime::{Address, Headers, Params, addresses};
use crate::{text, verify};

/// Message-IDs longer than this are replaced by their hash, the same way everywhere; bytes.
const MAX_ID: usize = 255;
/// Bytes of a subject that are kept.
const MAX_SUBJECT: usize = 2_000;
/// Message-IDs of one header that are looked at.
const MAX_IDS: usize = 100;

/// A mail, however it came.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    /// Who handed it over: `raw`, `postmark`, `mailgun`, `sendgrid`.
    pub(crate) provider: &'static str,
    pub(crate) headers: Headers,
    /// The envelope sender, if known; `Some("")` is the null sender of bounces.
    pub(crate) envelope_from: Option<String>,
    pub(crate) envelope_to: Vec<String>,
    pub(crate) text: Option<String>,
    pub(crate) html: Option<String>,
    pub(crate) files: Vec<File>,
    /// The provider's stable name for this delivery, as a dedup key.
    pub(crate) provider_key: Option<String>,
    /// Spam and authentication results, if the provider states them.
    pub(crate) checks: Map<String, Value>,
    /// The raw mail, where we have it.
    pub(crate) raw: Option<Bytes>,
    /// Parts were left out because the mail is nested too deeply or has too many.
    pub(crate) incomplete: bool,
}

/// A file of a mail.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: Option<String>,
    pub(crate) kind: Params,
    pub(crate) content_id: Option<String>,
    pub(crate) data: FileData,
}

/// Where a file's bytes are.
#[derive(Debug)]
pub(crate) enum FileData {
    Bytes(Bytes),
    /// At the provider, with the size it states.
    Url(String, Option<u64>),
    Missing(&'static str),
}

impl File {
    /// The bytes of a file of this MIME type, if we have them.
    pub(crate) fn bytes_if(&self, mime: &str) -> Option<&Bytes> {
        match &self.data {
            FileData::Bytes(bytes) if self.kind.value == mime => Some(bytes),
            _ => None,
        }
    }
}

impl Mail {
    /// The first mailbox of the first usable field of `names`.
    pub(crate) fn mailbox(&self, names: &[&str]) -> Option<Address> {
        names.iter().find_map(|name| self.headers.all(name).find_map(|value| addresses(value).into_iter().next()))
    }

    /// Who wrote it: From, else the next best trace of the sender.
    pub(crate) fn sender(&self) -> Option<Address> {
        let envelope = || self.envelope_from.as_deref().and_then(|from| addresses(from.as_bytes()).into_iter().next());
        self.mailbox(&["From", "Reply-To", "Sender", "Return-Path"]).or_else(envelope)
    }

    /// The subject, decoded and cut to 2,000 bytes.
    pub(crate) fn subject(&self) -> Option<String> {
        self.headers.text("Subject").map(|subject| text::truncate(&subject, MAX_SUBJECT).to_owned())
    }

    /// The mail's own id: `Message-ID` without brackets.
    pub(crate) fn stated_id(&self) -> Option<String> {
        self.headers.all("Message-ID").find_map(|value| message_ids(value).into_iter().next())
    }

    /// The mail's own id, or one made from its content.
    pub(crate) fn id(&self) -> String {
        self.stated_id().unwrap_or_else(|| synthetic_id(&self.fingerprint()))
    }

    /// The mail's own dedup key. Its id alone is none, for broken software gives one id to many mails; what is hashed
    /// beside it is the same by whatever route the mail comes: with it the conversation that this copy is for, as one mail
    /// to two is two.
    pub(crate) fn key(&self, id: &str, conversation: Option<&str>) -> String {
        let mut hash = Sha256::new();
        let from = self.mailbox(&["From"]).map(|from| from.email);
        let text = self.text.as_ref().filter(|text| !text.trim().is_empty()).or(self.html.as_ref());
        for field in [from.as_ref(), self.headers.text("Date").as_ref(), self.headers.text("Subject").as_ref(), text] {
            field.iter().flat_map(|field| field.split_whitespace()).for_each(|word| hash.update(word));
            hash.update([0]);
        }
        conversation.iter().for_each(|conversation| hash.update(conversation));
        let hash = verify::hex(&hash.finalize());
        format!("mid:{id}:{}", text::truncate(&hash, 16))
    }

    pub(crate) fn ids(&self, header: &str) -> Vec<String> {
        self.headers.all(header).flat_map(message_ids).take(MAX_IDS).collect()
    }

    /// The content type of the whole mail.
    pub(crate) fn kind(&self) -> Params {
        Params::parse(self.headers.first("Content-Type").unwrap_or_default())
    }

    /// Whether the envelope sender is null: no answer may be sent.
    pub(crate) fn has_null_sender(&self) -> bool {
        let null = |value: &str| matches!(value.trim(), "" | "<>");
        match (&self.envelope_from, self.headers.first("Return-Path")) {
            (Some(from), _) => null(from),
            (None, Some(path)) => null(&String::from_utf8_lossy(path)),
            (None, None) => false,
        }
    }

    /// A hash of everything that makes this mail this mail; the same for a repeated delivery.
    fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        if let Some(raw) = &self.raw {
            hash.update(raw);
            return hash.finalize().into();
        }
        for name in ["From", "To", "Date", "Subject"] {
            hash.update(self.headers.first(name).unwrap_or_default());
            hash.update([0]);
        }
        for text in [&self.text, &self.html] {
            hash.update(text.as_deref().unwrap_or_default());
            hash.update([0]);
        }
        for file in &self.files {
            if let FileData::Bytes(bytes) = &file.data {
                hash.update(bytes);
            }
        }
        hash.finalize().into()
    }
}

fn synthetic_id(hash: &[u8]) -> String {
    format!("sha256-{}@relevo.invalid", verify::hex(hash))
}

/// The ids of a `Message-ID`, `In-Reply-To` or `References` field, without brackets. Prose between them is skipped;
/// without any bracket, words with an `@` count.
pub(crate) fn message_ids(value: &[u8]) -> Vec<String> {
    let value = String::from_utf8_lossy(value);
    let bracketed: Vec<&str> =
        value.split('<').skip(1).filter_map(|rest| rest.split_once('>').map(|(id, _)| id)).collect();
    let bare = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '"');
    let found: Vec<&str> = match bracketed.is_empty() {
        true => value.split(bare).filter(|word| word.contains('@')).collect(),
        false => bracketed,
    };
    found.into_iter().map(tidy_id).filter(|id| !id.is_empty()).take(MAX_IDS).collect()
}

/// An id without blanks; a very long one by its hash.
pub(crate) fn tidy_id(id: &str) -> String {
    let id: String = id.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    if id.len() <= MAX_ID { id } else { synthetic_id(&Sha256::digest(id.as_bytes())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_from_any_prose() {
        assert_eq!(message_ids(b"<a@b> <c@d>"), ["a@b", "c@d"]);
        assert_eq!(message_ids(b"Your message of Friday <a@b\r\n c>, <d@e>"), ["a@bc", "d@e"]);
        assert_eq!(message_ids(b" a@b, c@d "), ["a@b", "c@d"]);
        assert_eq!(message_ids(b"<>"), Vec::<String>::new());
        assert_eq!(message_ids(b"<no-at-sign>"), ["no-at-sign"]);
        let long = message_ids(format!("<{}@x>", "a".repeat(300)).as_bytes());
        assert!(long[0].len() <= MAX_ID && long[0].starts_with("sha256-"), "{long:?}");
    }
}
