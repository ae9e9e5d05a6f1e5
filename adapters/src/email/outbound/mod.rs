//! Mails out, over SMTP (`email.md §4, §5, §8`).

mod letter;
mod names;
mod probe;
mod replies;

use std::time::Duration;

pub(super) use replies::explain;
use secrecy::SecretString;

use super::{
    config::{self, Config, Smtp},
    mime,
    thread::{answers_go_to, mid, seen_by},
};
use crate::{
    Identity, ImapSource, MediaKind,
    outbound::{
        Act, Address, Destination, ErrorClass, Explained, Failure, FileRule, Finding, Flow, Io, Length, Located,
        MailFailure, Names, Outbound, Outlet, Pacing, Quota, SendError, Sending, Sent, UnknownOutcome, Wanted,
        unsupported,
    },
    text,
};

/// A mail, as it goes over the wire, is not larger than this: what most providers take (email.md §8); bytes.
const MAX_MAIL: usize = 25 << 20;
/// So much of that can be files, for base64 makes 78 bytes of 57; the rest is for the text.
const MAX_FILE: u64 = 18 << 20;
/// Bytes of a text; as many are read of mails that come in.
const MAX_TEXT: usize = 1 << 20;
const MAX_FILES: usize = 50;
/// Bytes of a server's words that are kept.
const MAX_DETAIL: usize = 500;

/// What a mailbox can send.
pub(super) static SENDING: Sending = Sending {
    acts: &["text", "file"],
    max_text: Length::Bytes(MAX_TEXT),
    max_caption: Length::Bytes(MAX_TEXT),
    max_button_text: Length::ZERO,
    max_buttons: 0,
    max_button_title: Length::ZERO,
    files_with_text: MAX_FILES,
    files: &[
        any(MediaKind::Document),
        any(MediaKind::Image),
        any(MediaKind::Video),
        any(MediaKind::Audio),
        any(MediaKind::Voice),
        any(MediaKind::Sticker),
        any(MediaKind::Animation),
    ],
    window_ms: None,
    may_begin: true,
    needs: Some("smtp_host"),
    unknown: UnknownOutcome::SameId,
};

const fn any(kind: MediaKind) -> FileRule {
    FileRule { kind, mimes: &["*/*"], max_bytes: MAX_FILE, caption: true }
}

/// A mailbox is no mass mailer: two mails per second, and one every two seconds in one conversation.
const CHANNEL: Quota = Quota { interval: Duration::from_millis(500), burst: 10 };
const CHAT: Quota = Quota { interval: Duration::from_secs(2), burst: 3 };

/// A mailbox's way out.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// Lower case; sender and envelope sender.
    address: String,
    smtp: Smtp,
    reply_key: Option<SecretString>,
    /// The mailbox, where we watch one: looked at as well when somebody checks the channel.
    imap: Option<ImapSource>,
}

impl Outgoing {
    /// `None` if no server is set to send through.
    pub(super) fn of(config: &Config) -> Option<Self> {
        Some(Self {
            address: config.address.clone(),
            smtp: config.smtp.clone()?,
            reply_key: config.reply_key.clone(),
            imap: config.imap.clone(),
        })
    }

    async fn deliver(&self, io: &dyn Io, message: &Outbound) -> Result<Sent, SendError> {
        if !matches!(message.act, Act::Text { .. } | Act::File { .. }) {
            return Err(unsupported(message.act.name()));
        }
        let to = recipient(&message.to).ok_or_else(|| NO_ADDRESS.error("the contact has no mail address"))?;
        let letter = letter::write(self, io, message, to).await?;
        let last_words = io.mail(&self.smtp.server, letter).await.map_err(refused)?;
        let note = last_words.lines().rev().find_map(text::non_blank);
        let Names { refs, keys } = self.names(message);
        Ok(Sent { refs, keys, note: note.map(|note| text::clean(note, MAX_DETAIL)), ..Sent::default() })
    }
}

/// The address to write to: where the customer's last mail asks to be answered, else from where it came. Our own names of
/// the thread tell that (`ref:<sender>:<mail>`, `back:<mail>:<address>`); what a mail of anybody but the contact asks for
/// does not count.
fn recipient(to: &Address) -> Option<&str> {
    let emails = || {
        let mail = to.identities.iter().filter(|identity| identity.scheme == Identity::EMAIL);
        mail.map(|identity| identity.value.as_str()).filter(|email| config::is_address(email))
    };
    let wrote_last = |email: &&str| {
        let name = to.last_inbound.as_ref().map(|last| seen_by(&email.to_lowercase(), last));
        name.is_some_and(|name| to.keys.contains(&name))
    };
    let last = emails().find(wrote_last);
    let asked = last.and(to.last_inbound.as_ref()).and_then(|last| answers_go_to(&to.keys, last));
    asked.or(last).or_else(|| emails().next())
}

fn refused(failure: MailFailure) -> SendError {
    match failure {
        MailFailure::Refused { code, enhanced, text, stage } => {
            replies::classify(code, enhanced.as_deref(), &text, stage)
        }
        MailFailure::NotSent(why) => Failure::NotSent(why).into(),
        MailFailure::Unknown(why) => Failure::Unknown(why).into(),
    }
}

impl Outlet for Outgoing {
    fn pacing(&self, _to: &Address) -> Pacing {
        let channel = self
            .smtp
            .sends_per_minute
            .map_or(CHANNEL, |rate| Quota { interval: Duration::from_secs(60) / rate, burst: rate.min(CHANNEL.burst) });
        Pacing { channel, chat: CHAT }
    }

    /// A mail address, with or without a name. It has no keys: threads are named by their mails, and there is none
    /// yet; the first one that is sent names it ([`Sent::keys`]).
    fn destination(&self, text: &str) -> Result<Destination, String> {
        match mime::addresses(text.as_bytes()).as_slice() {
            [one] if config::is_address(&one.email) => Ok(Destination {
                keys: Vec::new(),
                identities: vec![Identity::new(Identity::EMAIL, one.email.clone())],
                account: one.email.clone(),
            }),
            _ => Err("El destino debe ser una dirección de correo, por ejemplo cliente@example.com".to_owned()),
        }
    }

    fn names(&self, message: &Outbound) -> Names {
        let id = names::message_id(message, &self.address);
        Names { keys: vec![mid(&id)], refs: vec![id] }
    }

    fn send<'a>(&'a self, io: &'a dyn Io, message: &'a Outbound) -> Flow<'a, Result<Sent, SendError>> {
        Box::pin(self.deliver(io, message))
    }

    /// The files of a mail came within it; those that a provider has kept back are not to be had without its keys.
    fn locate<'a>(&'a self, _io: &'a dyn Io, _wanted: &'a Wanted) -> Flow<'a, Result<Located, SendError>> {
        Box::pin(async { Err(GONE.error("files of a mail come within it")) })
    }

    fn probe<'a>(&'a self, io: &'a dyn Io, _webhook: Option<&'a str>) -> Flow<'a, Vec<Finding>> {
        Box::pin(probe::probe(self, io))
    }
}

/// A refusal of our own: what it is called, and what an agent reads.
struct Objection(ErrorClass, &'static str, Explained);

impl Objection {
    fn error(&self, detail: &str) -> SendError {
        SendError::new(self.0, self.1, detail, self.2)
    }
}

const NO_ADDRESS: Objection = Objection(
    ErrorClass::Recipient,
    "no_address",
    Explained {
        es: "El contacto no tiene una dirección de correo. Agréguela o use otro canal.",
        en: "The contact has no mail address. Add one, or use another channel.",
    },
);
const GONE: Objection = Objection(
    ErrorClass::Content,
    "no_file",
    Explained {
        es: "El archivo ya no está disponible. Pida al cliente que lo envíe de nuevo.",
        en: "The file is no longer available. Ask the customer to send it again.",
    },
);
