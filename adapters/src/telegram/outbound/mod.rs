//! Messages out: calls of the Bot API (telegram.md §6 to §9).

mod api;
mod compose;
mod errors;
mod file;
mod place;
mod probe;
mod send;

use std::time::Duration;

pub(super) use errors::explain;
use secrecy::SecretString;

use self::{api::Api, place::Place};
use super::Telegram;
use crate::{
    Identity,
    outbound::{
        Address, Destination, Finding, Flow, Io, Length, Located, Outbound, Outlet, Pacing, Quota, SendError, Sending,
        Sent, UnknownOutcome, Wanted,
    },
};

/// What a bot can send (telegram.md §6). Telegram counts text after its entities, which we never use: in UTF-16 units
/// it is surely not longer than it may be, whichever way the server counts.
pub(super) static SENDING: Sending = Sending {
    acts: &["text", "file", "location", "contacts", "reaction", "edit", "delete", "read", "typing", "answer_callback"],
    max_text: Length::Utf16(4096),
    max_caption: Length::Utf16(1024),
    max_button_text: Length::Utf16(4096),
    max_buttons: 100,
    max_button_title: Length::Chars(64),
    files_with_text: 0,
    files: file::RULES,
    window_ms: None,
    may_begin: false,
    needs: None,
    unknown: UnknownOutcome::Flag,
};

/// The pace that Telegram asks for (telegram.md §8): 30 messages per second in all, one per second to a person, and 20
/// per minute to a group. A burst and what follows it in the same second stay below 30.
const CHANNEL: Quota = Quota { interval: Duration::from_millis(40), burst: 4 };
const PERSON: Quota = Quota { interval: Duration::from_secs(1), burst: 1 };
const GROUP: Quota = Quota { interval: Duration::from_secs(3), burst: 1 };

impl Outlet for Telegram {
    fn pacing(&self, to: &Address) -> Pacing {
        let channel = self
            .0
            .sends_per_second
            .map_or(CHANNEL, |rate| Quota { interval: Duration::from_secs(1) / rate, burst: rate.min(CHANNEL.burst) });
        let person = Place::of(to).is_none_or(|place| place.is_private());
        Pacing { channel, chat: if person { PERSON } else { GROUP } }
    }

    fn destination(&self, text: &str) -> Result<Destination, String> {
        let text = text.trim();
        let digits = text.strip_prefix('-').unwrap_or(text);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse::<i64>().ok().filter(|chat| plain && *chat != 0) {
            Some(chat) => Ok(Destination {
                keys: vec![Place::chat(chat).key()],
                identities: (chat > 0)
                    .then(|| Identity::new(Identity::TELEGRAM, chat.to_string()))
                    .into_iter()
                    .collect(),
                account: chat.to_string(),
            }),
            None if text.starts_with('@') => {
                Err("Telegram no permite que un bot escriba a un nombre de usuario: indique \
                                                  el identificador numérico del chat, que se conoce cuando el cliente \
                                                  escribe al bot"
                    .to_owned())
            }
            None => Err("El destino de Telegram es el identificador numérico del chat, por ejemplo 123456789 (o \
                         -1001234567890 si es un grupo)"
                .to_owned()),
        }
    }

    fn send<'a>(&'a self, io: &'a dyn Io, message: &'a Outbound) -> Flow<'a, Result<Sent, SendError>> {
        Box::pin(send::send(Api { bot: &self.0, io }, message))
    }

    fn locate<'a>(&'a self, io: &'a dyn Io, wanted: &'a Wanted) -> Flow<'a, Result<Located, SendError>> {
        Box::pin(file::locate(Api { bot: &self.0, io }, wanted))
    }

    fn probe<'a>(&'a self, io: &'a dyn Io, webhook: Option<&'a str>) -> Flow<'a, Vec<Finding>> {
        Box::pin(probe::probe(Api { bot: &self.0, io }, webhook))
    }

    fn register<'a>(
        &'a self,
        io: &'a dyn Io,
        webhook: &'a str,
        secret: &'a SecretString,
    ) -> Flow<'a, Result<(), SendError>> {
        Box::pin(probe::register(Api { bot: &self.0, io }, webhook, secret))
    }
}
