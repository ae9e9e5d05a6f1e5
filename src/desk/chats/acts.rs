//! What people do to messages: react, edit, delete, hide, answer in private, read.

use relevo_adapters::outbound::Act;

use crate::{
    clock::Clock,
    desk::reply::{self, Author, NewReply, Queued, ReplyError, To},
    store::{
        StoreError, Tx, channels, chats,
        messages::{self, MessageRow},
    },
};

/// What is to be done to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnMessage {
    /// Our reaction, or (`None`) its end.
    React(Option<String>),
    /// A new text for our own message.
    Edit(String),
    Delete,
    Hide(bool),
    /// An answer to a customer's public message that only he sees.
    PrivateReply(String),
}

/// Does something to a company's message: the job that does it is written, nothing is done yet.
///
/// # Errors
/// [`ReplyError::NoTarget`] if there is no such message, it has no name on its platform yet, or it was deleted; the
/// others as of [`reply::send`].
pub async fn act(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    message: &str,
    what: OnMessage,
    (author, log): (Author, i64),
) -> Result<Queued, ReplyError> {
    let row = messages::find(tx, company, message).await?.filter(|row| row.deleted_at.is_none());
    let row = row.ok_or(ReplyError::NoTarget)?;
    check(&row, &what)?;
    let (target, conversation) = reply::target(tx, company, message).await?;
    let act = match what {
        OnMessage::React(emoji) => Act::Reaction { target, emoji },
        OnMessage::Edit(text) => Act::Edit { target, text },
        OnMessage::Delete => Act::Delete { target },
        OnMessage::Hide(hidden) => Act::Hide { target, hidden },
        OnMessage::PrivateReply(text) => Act::PrivateReply { target, text },
    };
    let to = To::Conversation(conversation);
    reply::send(tx, clock, NewReply { company, to, act, reply_to: None, author, by_house: false, log }).await
}

fn check(row: &MessageRow, what: &OnMessage) -> Result<(), ReplyError> {
    let invalid = |why: &str| Err(ReplyError::Invalid("target", why.to_owned()));
    match (what, row.direction.as_str()) {
        (OnMessage::Edit(_), "in") => invalid("Solo se pueden editar los mensajes propios."),
        (OnMessage::PrivateReply(_), "out") => invalid("Solo se puede responder en privado a un mensaje del cliente."),
        _ => Ok(()),
    }
}

/// Checks that the message that a reply answers is one of its conversation.
///
/// # Errors
/// [`ReplyError::NoTarget`] if it is not.
pub async fn answers(tx: &mut Tx, company: i64, conversation: &str, message: &str) -> Result<(), ReplyError> {
    match messages::find(tx, company, message).await? {
        Some(row) if row.conversation_id == conversation => Ok(()),
        _ => Err(ReplyError::NoTarget),
    }
}

/// Notes that a conversation was read up to a message, and tells the platform if it wants to know. Reading what was
/// read before changes nothing.
///
/// # Errors
/// Those of the database.
pub async fn mark_read(tx: &mut Tx, clock: &Clock, message: &MessageRow, log: i64) -> Result<(), StoreError> {
    let further = chats::mark_read(tx, &message.conversation_id, message.at, &message.id).await?;
    if !further || message.direction != "in" || !wants_to_know(tx, message.channel_id).await? {
        return Ok(());
    }
    let company = message.company_id;
    let (target, conversation) = match reply::target(tx, company, &message.id).await {
        Ok(found) => found,
        Err(ReplyError::Store(error)) => return Err(error),
        // The platform has no name for it: there is nothing to tell.
        Err(_) => return Ok(()),
    };
    let (to, act, author) = (To::Conversation(conversation), Act::Read { target }, Author::default());
    match reply::send(tx, clock, NewReply { company, to, act, reply_to: None, author, by_house: false, log }).await {
        Err(ReplyError::Store(error)) => Err(error),
        // What cannot be told does not make it unread.
        _ => Ok(()),
    }
}

async fn wants_to_know(tx: &mut Tx, channel: i64) -> Result<bool, StoreError> {
    let row = channels::find(tx, channel).await?;
    let sending = row.and_then(|row| relevo_adapters::kind(&row.kind)).and_then(|kind| kind.capabilities.sending);
    Ok(sending.is_some_and(|sending| sending.knows("read")))
}
