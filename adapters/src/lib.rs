//! Relevo's vocabulary and its channels.
//!
//! An adapter translates: a platform's bytes become [`InboundEvent`]s, and it says whether those bytes are
//! authentic. It knows no database, no queue and no server; it opens no socket and reads no clock. What differs
//! between platforms is data ([`Capabilities`], [`Setting`]s) or behind the [`Channel`] trait, so that the rest of
//! the house never asks for a channel's name.
//!
//! Adding a channel: one folder here, one line in [`KINDS`], one folder in `fixtures/`.

pub mod channel;
pub mod email;
pub mod facebook;
pub mod json;
pub mod message;
pub mod meta;
pub mod outbound;
pub mod telegram;
pub mod text;
pub mod verify;
pub mod whatsapp;

pub use channel::{
    Author, Authors, Capabilities, Channel, ImapSource, Kind, LongPollSource, ParseError, Scheme, Setting, Settings,
    SettingsError, Source, WebhookRequest,
};
pub use message::*;
pub use verify::VerifyError;

/// Every channel kind that this build can speak to, in the order in which lists show them.
pub static KINDS: &[&Kind] = &[&whatsapp::KIND, &telegram::KIND, &email::KIND, &facebook::KIND];

/// The kind with this name or alias, or `None`.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().copied().find(|kind| kind.name == name || kind.aliases.contains(&name))
}
