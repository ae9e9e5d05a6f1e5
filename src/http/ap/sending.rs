//! From a call to a reply: one transaction with its idempotency key, tried again when another one was first; and what
//! the desk refuses, under the route's own field names.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Asked, Error, content::Said};
use crate::{
    desk::{
        chats,
        reply::{self, Author, NewReply, Queued, ReplyError, To},
    },
    domain::OutState,
    http::{
        Api,
        idempotency::{self, Keeper},
    },
    store::{Tries, Tx},
};

/// What the seed says above the problems of these routes.
pub(in crate::http) const INVALID: &str = "Validacion fallida.";

/// What a route calls the parts of its request.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Names {
    /// Whom it goes to.
    pub(in crate::http) to: &'static str,
    pub(in crate::http) channel: &'static str,
    pub(in crate::http) message: &'static str,
    pub(in crate::http) file: &'static str,
    /// The message that it is done to.
    pub(in crate::http) target: &'static str,
}

impl Names {
    /// What the desk refuses, in the family's form.
    pub(in crate::http) fn refusal(&self, error: ReplyError) -> Error {
        let field = match error.field() {
            "chat" | "ticket" => self.to,
            "channel" => self.channel,
            "message" => self.message,
            "file" => self.file,
            "target" => self.target,
            "sections" => "list",
            other => other,
        };
        match error {
            ReplyError::Store(error) => error.into(),
            // The seed's own words.
            ReplyError::NoConversation => invalid(field, format!("El {field} no se encuentra registrado.")),
            error => invalid(field, error.to_string()),
        }
    }
}

/// 422 because of one field.
pub(in crate::http) fn invalid(field: &str, why: impl Into<String>) -> Error {
    Error::Invalid(INVALID, BTreeMap::from([(field.to_owned(), vec![why.into()])]))
}

/// What a call does in its transaction; it may be done anew if another transaction was first.
pub(in crate::http) trait Work: Send + Sync {
    /// Does it.
    ///
    /// # Errors
    /// What the desk refuses.
    fn run(&self, api: &Api, tx: &mut Tx) -> impl Future<Output = Result<Answer, ReplyError>> + Send;
}

/// Does `work` in one transaction and rings the bell; a call that was made before under its key gets its answer.
///
/// # Errors
/// What the desk refuses; 409 as of [`idempotency::guarded`]; 503 if other transactions were first again and again.
pub(in crate::http) async fn transact<const LIMIT: usize>(
    api: &Api,
    asked: &Asked<LIMIT>,
    names: Names,
    work: &impl Work,
) -> Result<Answer, Error> {
    idempotency::guarded(api, asked, async |keeper: Keeper<'_>| {
        let mut tries = Tries::default();
        loop {
            let done = once(api, &keeper, names, work).await;
            if !tries.again(&done).await {
                return done;
            }
        }
    })
    .await
}

async fn once(api: &Api, keeper: &Keeper<'_>, names: Names, work: &impl Work) -> Result<Answer, Error> {
    let mut tx = api.0.db.write().await?;
    let answer = work.run(api, &mut tx).await.map_err(|error| names.refusal(error))?;
    keeper.keep(&mut tx, &answer).await?;
    tx.commit().await?;
    api.0.bell.ring();
    Ok(answer)
}

/// A reply that is to be taken.
#[derive(Debug, Clone)]
pub(in crate::http) struct Draft {
    pub(in crate::http) company: i64,
    pub(in crate::http) to: To,
    pub(in crate::http) said: Said,
    pub(in crate::http) reply_to: Option<String>,
    pub(in crate::http) author: Author,
    pub(in crate::http) log: i64,
}

/// Takes a reply.
///
/// # Errors
/// What the desk refuses.
pub(in crate::http) async fn take(tx: &mut Tx, api: &Api, draft: &Draft) -> Result<Queued, ReplyError> {
    let Draft { company, to, said, reply_to, author, log } = draft.clone();
    let clock = &api.0.clock;
    match said {
        Said::OnMessage { message, what } => {
            let queued = chats::act(tx, clock, company, &message, what, (author, log)).await?;
            match to {
                To::Conversation(chat) if chat != queued.conversation => Err(ReplyError::NoTarget),
                _ => Ok(queued),
            }
        }
        Said::Act(act) => {
            let new = NewReply { company, to, act, reply_to: reply_to.clone(), author, by_house: false, log };
            let queued = reply::send(tx, clock, new).await?;
            if let Some(message) = reply_to {
                chats::answers(tx, company, &queued.conversation, &message).await.map_err(|error| match error {
                    ReplyError::NoTarget => ReplyError::Invalid("reply_to", error.to_string()),
                    error => error,
                })?;
            }
            Ok(queued)
        }
    }
}

/// Takes a reply, and says it in the route's way.
pub(in crate::http) struct Taking<F> {
    pub(in crate::http) draft: Draft,
    pub(in crate::http) say: F,
}

impl<F: Fn(Sent) -> Answer + Send + Sync> Work for Taking<F> {
    async fn run(&self, api: &Api, tx: &mut Tx) -> Result<Answer, ReplyError> {
        Ok((self.say)(take(tx, api, &self.draft).await?.into()))
    }
}

/// What is known of a message that was taken: it is durable, and on its way.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ApSent)]
pub(in crate::http) struct Sent {
    /// Ask `chat/messageStatus` about it; `null` for a reaction.
    pub(in crate::http) id_message: Option<String>,
    /// All of them, in the order in which they leave, where a text was split or has files.
    pub(in crate::http) ids: Vec<String>,
    #[schema(examples("queued"))]
    pub(in crate::http) state: &'static str,
    pub(in crate::http) id_chat: String,
    pub(in crate::http) id_ticket: Option<String>,
}

impl From<Queued> for Sent {
    fn from(queued: Queued) -> Self {
        Self {
            id_message: queued.messages.first().cloned(),
            ids: queued.messages,
            state: OutState::Queued.as_str(),
            id_chat: queued.conversation,
            id_ticket: queued.ticket,
        }
    }
}
