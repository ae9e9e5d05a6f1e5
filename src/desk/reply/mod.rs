//! Replies: what somebody of ours says to a customer becomes messages and the jobs that bring them out, in one
//! transaction (DESIGN §7). What cannot be sent is refused here, at once and in words.

mod place;
mod plan;

use relevo_adapters::{
    MediaSource, Message, Millis,
    outbound::{Act, Destination, OutboundFile},
};

use place::Place;
use plan::{is_message, plan, shown};
use serde_json::json;

use crate::{
    clock::Clock,
    desk::{
        events,
        routing::{self, event},
        tickets::preview,
    },
    domain::{EventKind, OutState, SEND, SendJob, TicketState, routing::Cause, send_lane, send_topic},
    store::{
        StoreError, Tx,
        deliveries::{self, Delivery, Said, StateRow},
        jobs::{self, NewJob},
        messages::{self, AttachmentRow, MessageRow, RefRow},
    },
};

/// How long before the end of the platform's window a reply is no longer taken: it must still get there.
const SLACK_MS: Millis = 60_000;

/// What somebody says.
#[derive(Debug, Clone, PartialEq)]
pub struct NewReply {
    pub company: i64,
    pub to: To,
    /// What; targets are platform names, to be had from [`target`].
    pub act: Act,
    /// The message that it answers, by our id.
    pub reply_to: Option<String>,
    pub author: Author,
    /// Whether the house says it by itself: it is no answer of a person's.
    pub by_house: bool,
    /// The `id_bitacora_log` of the call.
    pub log: i64,
}

/// Whom to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// A conversation's id.
    Conversation(String),
    /// A ticket's id; its conversation is meant.
    Ticket(String),
    /// An address on a channel.
    Destination { channel: i64, destination: Destination },
}

/// Who of ours says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Author {
    /// An agent's id, or what the caller calls him.
    pub id: Option<String>,
    pub name: Option<String>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    /// The messages, in the order in which they leave; one, unless it was split.
    pub messages: Vec<String>,
    pub conversation: String,
    pub ticket: Option<String>,
    pub channel: i64,
}

/// Why nothing was sent. The texts are answers of the API.
#[derive(Debug, thiserror::Error)]
pub enum ReplyError {
    #[error("La conversación no existe.")]
    NoConversation,
    #[error("El ticket no existe.")]
    NoTicket,
    #[error("El canal no existe o no pertenece a la empresa.")]
    NoChannel,
    #[error("El ticket está cerrado; para escribir al cliente debe reabrirlo o crear uno nuevo.")]
    TicketClosed,
    #[error("El mensaje está vacío.")]
    Empty,
    #[error("El texto es demasiado largo; el máximo es {0}.")]
    TooLong(usize),
    /// Only what the house says by itself is refused for it; what people say waits.
    #[error("El canal no puede enviar en este momento.")]
    Held,
    #[error("El canal no permite esta acción ({0}).")]
    Unsupported(&'static str),
    #[error(
        "Han pasado más de 24 horas desde el último mensaje del cliente (o aún no ha escrito): solo se puede enviar \
         una plantilla aprobada. Use plantillawsp para ver las plantillas y enviar una."
    )]
    NeedsTemplate,
    #[error("El cliente bloqueó este canal; no se le puede escribir.")]
    Blocked,
    #[error("El canal no permite archivos de tipo {0}.")]
    FileType(String),
    #[error("El archivo supera el máximo de {0} bytes de este canal.")]
    FileSize(u64),
    #[error("El mensaje indicado no existe en esta conversación o aún no ha sido enviado.")]
    NoTarget,
    /// A field, and what is wrong with it.
    #[error("{1}")]
    Invalid(&'static str, String),
    #[error("the database did not do it")]
    Store(#[from] StoreError),
}

impl ReplyError {
    /// The part of a request that is wrong: `chat`, `ticket`, `channel`, `message`, `file`, `target`, or the field that
    /// [`ReplyError::Invalid`] names.
    pub fn field(&self) -> &'static str {
        match self {
            Self::NoConversation | Self::Blocked => "chat",
            Self::NoTicket | Self::TicketClosed => "ticket",
            Self::NoChannel | Self::Held => "channel",
            Self::Empty | Self::TooLong(_) | Self::Unsupported(_) | Self::NeedsTemplate | Self::Store(_) => "message",
            Self::FileType(_) | Self::FileSize(_) => "file",
            Self::NoTarget => "target",
            Self::Invalid(field, _) => field,
        }
    }
}

/// Takes a reply: its messages and their jobs are written, nothing is sent yet. The caller commits and rings the bell;
/// on [`StoreError::Conflict`] it starts again.
///
/// # Errors
/// See [`ReplyError`].
pub async fn send(tx: &mut Tx, clock: &Clock, reply: NewReply) -> Result<Queued, ReplyError> {
    let mut place = place::find(tx, clock, reply.company, &reply.to, &reply.act).await?;
    check(&place, &reply.act, clock.now())?;
    if reply.by_house && !place.goes_out(tx).await? {
        return Err(ReplyError::Held);
    }
    let acts = plan(reply.act.clone(), place.sending)?;
    let is_template = matches!(reply.act, Act::Template { .. });
    // What begins with us has its ticket from the start.
    if (is_template && !has_open_ticket(&place)) || (place.ticket.is_none() && is_message(&reply.act)) {
        place::open_ticket(tx, clock, &mut place).await?;
        tell_begun(tx, clock, &place).await?;
    }
    let answers = deliveries::last_inbound(tx, &place.conversation.id).await?;
    let mut drafts = Drafts { answers, is_answer: !reply.by_house, ..Drafts::default() };
    for (position, act) in acts.into_iter().enumerate() {
        drafts.add(clock, &place, &reply, act, position == 0);
    }
    drafts.save(tx, &place, clock.now()).await
}

/// Tells of a ticket that began with us, and has it find its agent.
async fn tell_begun(tx: &mut Tx, clock: &Clock, place: &Place) -> Result<(), StoreError> {
    let Some(ticket) = &place.ticket else { return Ok(()) };
    let more = json!({"asunto": ticket.subject, "id_contacto": ticket.contact_id});
    events::tell(tx, clock.now(), &[event(EventKind::TicketOpened, ticket, more)]).await?;
    routing::route(tx, clock, &[(&ticket.id, Cause::Begun)]).await.map(drop)
}

fn has_open_ticket(place: &Place) -> bool {
    place.ticket.as_ref().is_some_and(|ticket| ticket.state != TicketState::Closed.as_str())
}

fn check(place: &Place, act: &Act, now: Millis) -> Result<(), ReplyError> {
    let is_template = matches!(act, Act::Template { .. });
    let closed = place.ticket.is_some() && !has_open_ticket(place);
    let window = place.sending.window_ms.filter(|_| is_message(act) && !is_template);
    let last = place.conversation.last_inbound_at;
    match () {
        () if place.conversation.blocked_at.is_some() && is_message(act) => Err(ReplyError::Blocked),
        () if closed && is_message(act) && !is_template => Err(ReplyError::TicketClosed),
        () if window.is_some_and(|window| last.is_none_or(|last| now > last + window - SLACK_MS)) => {
            Err(ReplyError::NeedsTemplate)
        }
        () => Ok(()),
    }
}

/// The platform's name of a company's message, for an act that is done to it, with its conversation.
///
/// # Errors
/// [`ReplyError::NoTarget`] if there is none, or it has no name yet.
pub async fn target(tx: &mut Tx, company: i64, message: &str) -> Result<(String, String), ReplyError> {
    let row = messages::find(tx, company, message).await?.ok_or(ReplyError::NoTarget)?;
    let name = deliveries::name_of(tx, message).await?.ok_or(ReplyError::NoTarget)?;
    Ok((name, row.conversation_id))
}

/// Rows to be written.
#[derive(Debug, Default)]
struct Drafts {
    /// The customer's latest message, by its platform name.
    answers: Option<String>,
    /// Whether a person, or a person's program, says it.
    is_answer: bool,
    messages: Vec<MessageRow>,
    attachments: Vec<AttachmentRow>,
    refs: Vec<RefRow>,
    deliveries: Vec<Delivery>,
    states: Vec<StateRow>,
    jobs: Vec<NewJob>,
}

impl Drafts {
    fn add(&mut self, clock: &Clock, place: &Place, reply: &NewReply, act: Act, first: bool) {
        let now = clock.now();
        // Only what stands in the thread is a message of its own; the rest is a job.
        let message = is_message(&act).then(|| {
            let row = message_row(clock, place, reply, &act, first);
            let id = row.id.clone();
            self.attachments.extend(act.files().iter().map(|file| attachment_row(clock, &row, file)));
            // By this name a report finds the message that it is about before the send is recorded (P5, P6).
            self.refs.push(RefRow { channel_id: row.channel_id, name: format!("out:{id}"), message_id: id.clone() });
            self.states.push(StateRow {
                id: clock.id(),
                message_id: id.clone(),
                state: OutState::Queued.as_str().to_owned(),
                at: now,
                attempt: None,
                detail: None,
            });
            self.deliveries.push(Delivery {
                message_id: id.clone(),
                company_id: row.company_id,
                channel_id: row.channel_id,
                act: act.name().to_owned(),
                attempts: 0,
                possible_duplicate: 0,
                failure: None,
                note: None,
                created_at: now,
                settled_at: None,
            });
            self.messages.push(row);
            id
        });
        let reply_to = reply.reply_to.clone().filter(|_| first);
        self.jobs.push(job(
            place,
            &SendJob {
                message,
                channel: place.channel.id,
                conversation: place.conversation.id.clone(),
                expires_at: useful_for(&act).map(|useful| now + useful),
                act,
                answers: self.answers.clone(),
                reply_to,
                automatic: reply.by_house,
            },
            now,
        ));
    }

    async fn save(self, tx: &mut Tx, place: &Place, now: Millis) -> Result<Queued, ReplyError> {
        if !self.messages.is_empty() {
            messages::insert(tx, &self.messages.iter().collect::<Vec<_>>()).await?;
            messages::insert_refs(tx, &self.refs).await?;
            deliveries::insert(tx, &self.deliveries).await?;
            deliveries::insert_states(tx, &self.states).await?;
        }
        if !self.attachments.is_empty() {
            messages::insert_attachments(tx, &self.attachments).await?;
        }
        if let (Some(ticket), Some(last)) = (&place.ticket, self.messages.last()) {
            let content = preview(&last.content);
            let said =
                Said { message: &last.id, author: last.author_name.as_deref(), content, is_answer: self.is_answer };
            deliveries::touch_ticket(tx, &ticket.id, said, last.at).await?;
        }
        jobs::insert(tx, &self.jobs).await?;
        let ids: Vec<&str> = self.messages.iter().map(|message| message.id.as_str()).collect();
        events::tell_messages(tx, now, EventKind::MessageSent, &ids).await?;
        Ok(Queued {
            messages: self.messages.into_iter().map(|message| message.id).collect(),
            conversation: place.conversation.id.clone(),
            ticket: place.ticket.as_ref().map(|ticket| ticket.id.clone()),
            channel: place.channel.id,
        })
    }
}

/// How long an act is of any use, if not for good; milliseconds.
fn useful_for(act: &Act) -> Option<Millis> {
    match act {
        Act::Typing { .. } => Some(25_000),
        Act::Read { .. } => Some(3_600_000),
        _ => None,
    }
}

fn message_row(clock: &Clock, place: &Place, reply: &NewReply, act: &Act, first: bool) -> MessageRow {
    let now = clock.now();
    let (body, kind) = shown(act);
    let message = Message { body, ..Message::default() };
    let content = match act.files().first() {
        Some(file) if message.body == relevo_adapters::Body::Empty => format!("[{}] {}", kind, file.file_name),
        _ => message.display(),
    };
    MessageRow {
        id: clock.id(),
        company_id: place.channel.company_id,
        channel_id: place.channel.id,
        conversation_id: place.conversation.id.clone(),
        ticket_id: place.ticket.as_ref().map(|ticket| ticket.id.clone()),
        direction: "out".to_owned(),
        origin: "agent".to_owned(),
        kind: kind.to_owned(),
        content,
        body: to_json(&message.body),
        extra: None,
        raw: None,
        reply_to: reply.reply_to.clone().filter(|_| first),
        // Contacts are named there; an agent is named by his account.
        author_id: None,
        author_name: reply.author.name.clone().or_else(|| Some(place.channel.name.clone())),
        author_account: reply.author.id.clone(),
        at: now,
        received_at: now,
        log_id: reply.log,
        status: Some(OutState::Queued.as_str().to_owned()),
        status_at: Some(now),
        failure: None,
        edited_at: None,
        deleted_at: None,
        hidden_at: None,
        visibility_at: None,
    }
}

fn attachment_row(clock: &Clock, message: &MessageRow, file: &OutboundFile) -> AttachmentRow {
    AttachmentRow {
        id: clock.id(),
        message_id: message.id.clone(),
        channel_id: message.channel_id,
        kind: file.kind.as_str().to_owned(),
        source: to_json(&MediaSource::Blob { sha256: file.sha256.clone() }),
        state: "stored".to_owned(),
        mime: Some(file.mime.clone()),
        file_name: Some(file.file_name.clone()),
        size: i64::try_from(file.size).ok(),
        sha256: Some(file.sha256.clone()),
        content_id: None,
        extra: None,
        created_at: message.at,
    }
}

fn job(place: &Place, send: &SendJob, now: Millis) -> NewJob {
    NewJob {
        kind: SEND.to_owned(),
        lane: send_lane(&send.conversation),
        topic: send_topic(send.channel),
        company_id: Some(place.channel.company_id),
        payload: to_json(send),
        due_at: now,
        created_at: now,
    }
}

fn to_json<T: serde::Serialize>(value: &T) -> String {
    #[expect(clippy::expect_used, reason = "the vocabulary holds text, numbers and JSON values only")]
    serde_json::to_string(value).expect("plain data")
}
