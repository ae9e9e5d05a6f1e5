//! What the platforms would send: signed, varied, and the same for the same seed.
//!
//! A few dozen invented customers of an invented shop write, answer, react and correct themselves. Every [`Call`] says
//! beside its bytes what it must bring about ([`Piece`]), so that whoever pushes it can compare.

mod cast;
mod email;
mod facebook;
mod meta;
mod mime;
mod people;
mod telegram;
mod whatsapp;
mod words;

use std::{collections::VecDeque, fmt};

use relevo_adapters::{Millis, Settings};

pub(super) use self::{facebook::Facebook, meta::App as MetaApp, telegram::Telegram, whatsapp::WhatsApp, words::SHOP};

/// The channel that is to receive.
#[derive(Debug, Clone)]
pub struct Target {
    /// Of the gateway, without a trailing slash: `http://127.0.0.1:8080`.
    pub base_url: String,
    /// Name of its kind.
    pub kind: String,
    pub uuid: String,
    /// Unsealed: calls are signed with them.
    pub settings: Settings,
}

/// One request of a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Below the base URL, with its query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// One line for people; holds no secret.
    pub about: String,
    /// Calls of one lane are to arrive in order.
    pub lane: String,
    pub pieces: Vec<Piece>,
}

/// One thing that a call says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Names it: a piece that comes again changes nothing (P2).
    pub id: String,
    /// Its conversation, unique within the channel.
    pub conversation: String,
    pub effect: Effect,
}

/// What a piece must bring about (DESIGN §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// A message of a customer, of this kind: its conversation has a ticket from now on.
    Message(&'static str),
    /// One more file of the message before it.
    Part,
    /// Staff or a machine wrote, in a conversation that has a ticket: a message that opens nothing.
    Aside(&'static str),
    /// A reaction, an edit, a receipt, news: no message.
    Change,
}

/// An endless row of calls.
pub trait Traffic: Send + fmt::Debug {
    /// The next call; `now` is when things in it happened.
    fn next(&mut self, now: Millis) -> Call;
}

/// The traffic of a channel; `None` if nothing can be pushed to it: an unknown kind, or no secret that a webhook could
/// prove itself with.
pub fn traffic(target: &Target, seed: u64) -> Option<Box<dyn Traffic>> {
    fn boxed<P: Platform + 'static>(platform: Option<P>) -> Option<Box<dyn Traffic>> {
        platform.map(|platform| -> Box<dyn Traffic> { Box::new(Stage::new(platform)) })
    }
    match relevo_adapters::kind(&target.kind)?.name {
        "whatsapp" => boxed(WhatsApp::new(target, seed)),
        "telegram" => boxed(Telegram::new(target, seed)),
        "email" => boxed(email::Email::new(target, seed)),
        "facebook" => boxed(Facebook::new(target, seed)),
        _ => None,
    }
}

/// One platform's part.
pub(super) trait Platform: Send + fmt::Debug {
    /// Something happens. What follows from it at once, in further calls, is added to `then`.
    fn perform(&mut self, now: Millis, then: &mut VecDeque<Call>) -> Call;
}

/// Every so many calls the platform repeats itself.
const AGAIN: u64 = 13;

/// Plays a platform's part, with the repetitions that all platforms have in common.
#[derive(Debug)]
pub(super) struct Stage<P> {
    pub(super) platform: P,
    ready: VecDeque<Call>,
    last: Option<Call>,
    calls: u64,
}

impl<P: Platform> Stage<P> {
    pub(super) fn new(platform: P) -> Self {
        Self { platform, ready: VecDeque::new(), last: None, calls: 0 }
    }

    /// The next call that is no repetition.
    pub(super) fn fresh(&mut self, now: Millis) -> Call {
        let call = match self.ready.pop_front() {
            Some(call) => call,
            None => self.platform.perform(now, &mut self.ready),
        };
        self.last.insert(call).clone()
    }
}

impl<P: Platform> Traffic for Stage<P> {
    fn next(&mut self, now: Millis) -> Call {
        self.calls += 1;
        match &self.last {
            Some(last) if self.calls.is_multiple_of(AGAIN) => last.again(),
            _ => self.fresh(now),
        }
    }
}

impl Call {
    /// The same request once more, as platforms send it if they did not see our answer.
    pub(super) fn again(&self) -> Self {
        Self { about: format!("{} (delivered again)", self.about), ..self.clone() }
    }
}

/// Unix seconds, which most platforms count in.
fn seconds(now: Millis) -> i64 {
    now.div_euclid(1_000)
}

/// A customer's words in a line for people.
fn said(person: people::Person, words: &str) -> String {
    format!("{}: «{words}»", person.name())
}

#[cfg(test)]
mod tests;
