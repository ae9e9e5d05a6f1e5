//! One URL for many channels: Meta sends an app's numbers and Pages to the same address.
//!
//! A webhook is verified with the app secret of each channel that it names. Only channels whose own secret proves it
//! get their part: a tenant who signs with his secret cannot write into another tenant's channel.

use std::sync::Arc;

use relevo_adapters::{VerifyError, meta};

use super::{Answer, Gateway, Webhook, intake::answer};
use crate::{
    directory::{Found, OpenChannel},
    store::StoreError,
};

/// The channels that a shared webhook names.
#[derive(Debug, Default)]
struct Addressed {
    /// Proven by their own secret.
    proven: Vec<Arc<OpenChannel>>,
    /// Ours, but the signature is not made with their secret.
    unproven: Vec<(i64, VerifyError)>,
    /// There is a channel, but it cannot be used now.
    broken: bool,
    /// Nobody's: `(kind, account)`.
    unknown: Vec<(String, String)>,
}

impl Gateway {
    /// Answers Meta's GET with its challenge if the verify token is that of any channel.
    pub(super) async fn shared_handshake(&self, query: &str) -> Answer {
        match self.0.directory.all().await {
            Ok(channels) => channels
                .iter()
                .filter(|open| open.kind.capabilities.handshake)
                .find_map(|open| open.channel.handshake(query).ok())
                .map_or(Answer::WrongToken, Answer::Challenge),
            Err(_) => Answer::NotDurable,
        }
    }

    pub(super) async fn shared(&self, webhook: Webhook) -> Answer {
        let addressed = match meta::addressees(&webhook.body) {
            Ok(addressees) if !addressees.is_empty() => self.address(&addressees, &webhook).await,
            // No JSON, or nothing in it: whose is it?
            _ => return self.ownerless(&webhook).await,
        };
        match addressed {
            Ok(addressed) => self.receive(addressed, &webhook).await,
            Err(error) => answer(Err(error.into())),
        }
    }

    async fn address(&self, addressees: &[meta::Addressee], webhook: &Webhook) -> Result<Addressed, StoreError> {
        let mut addressed = Addressed::default();
        for addressee in addressees {
            let found = self.0.directory.by_account(&addressee.kind, &addressee.account).await?;
            if found.is_empty() {
                addressed.unknown.push((addressee.kind.clone(), addressee.account.clone()));
            }
            for found in found {
                match found {
                    Found::Open(open) if addressed.proven.iter().any(|other| other.id == open.id) => {}
                    Found::Open(open) => match open.channel.verify(&webhook.request(), self.0.inbound.clock.now()) {
                        Ok(()) => addressed.proven.push(open),
                        Err(reason) => addressed.unproven.push((open.id, reason)),
                    },
                    Found::Broken | Found::Missing => addressed.broken = true,
                }
            }
        }
        Ok(addressed)
    }

    /// Every proven channel gets its part. If a named channel's secret is another, the answer is a refusal all the
    /// same: the platform sends it again, what was accepted is known by its dedup keys (P2), and once the operator has
    /// mended the secret the rest comes in.
    async fn receive(&self, addressed: Addressed, webhook: &Webhook) -> Answer {
        for open in &addressed.proven {
            if let Err(error) = self.accept(open, webhook).await {
                return answer(Err(error));
            }
        }
        for (channel, reason) in &addressed.unproven {
            tracing::warn!(channel, %reason, "webhook refused");
        }
        let nobody = addressed.proven.is_empty() && addressed.unproven.is_empty();
        match () {
            () if addressed.broken => Answer::NotDurable,
            () if !addressed.unproven.is_empty() => Answer::Refused,
            // For nobody here. It may come from an app whose secret we do not have, so nobody can tell whether it is
            // authentic; without a signature it certainly is not. Only the account's name is noted, within bounds.
            () if nobody && !meta::is_signed(&webhook.request()) => Answer::Refused,
            () => self.note_all_unknown(&addressed.unknown).await,
        }
    }

    async fn note_all_unknown(&self, unknown: &[(String, String)]) -> Answer {
        for (kind, account) in unknown {
            match self.note_unknown(kind, account).await {
                Answer::Accepted => {}
                other => return other,
            }
        }
        Answer::Accepted
    }

    /// A webhook that names no channel: if any channel's secret proves it, it is kept as that channel's dead letter.
    async fn ownerless(&self, webhook: &Webhook) -> Answer {
        match self.owner(webhook).await {
            Ok(Some(open)) => answer(self.accept(&open, webhook).await),
            Ok(None) => Answer::Refused,
            Err(error) => answer(Err(error.into())),
        }
    }

    /// A channel whose secret proves the webhook, whomever it names.
    async fn owner(&self, webhook: &Webhook) -> Result<Option<Arc<OpenChannel>>, StoreError> {
        let channels = self.0.directory.all().await?;
        let now = self.0.inbound.clock.now();
        Ok(channels
            .into_iter()
            .filter(|open| open.kind.capabilities.handshake)
            .find(|open| open.channel.verify(&webhook.request(), now).is_ok()))
    }
}
