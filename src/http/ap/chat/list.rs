//! AP "Listar chats".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{DONE, page::Page};
use crate::{
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, Fields, moment::moment, sending::INVALID},
    },
    store::chats::{self, ChatRow, Filter},
};

#[derive(Debug, ToSchema)]
#[schema(as = ApChatListRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// `S`: a page; `N`: all, at most 10,000.
    #[schema(examples("N"))]
    paginate: String,
    /// 1 to 100; 10 unless said otherwise.
    #[schema(examples(10))]
    quantity_x_page: Option<i64>,
    #[schema(examples(1))]
    page: Option<i64>,
    filters: Option<Filters>,
}

#[derive(Debug, ToSchema)]
#[schema(as = ApNameFilter)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Filters {
    /// A name or a part of one; for chats the customer's or the agent's, the customer's account, or the subject.
    #[schema(examples("Cliente A"))]
    name: Option<String>,
}

/// Lists of this family: the items are in `data`, beside the page's place if there are pages.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChatPage)]
pub(super) struct Listed {
    data: Vec<Chat>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChat)]
pub(super) struct Chat {
    id_chat: String,
    /// The customer's name, or his account, or the subject.
    #[schema(examples("Cliente A"))]
    name: String,
    #[schema(examples("Hola"))]
    last_message: Option<String>,
    /// Customer's messages after the one that was marked as read.
    #[schema(examples(2))]
    unread: i64,
    last_message_at: String,
    id_channel: i64,
    channel: String,
    /// `whatsapp`, `telegram`, `email` or `facebook`.
    #[serde(rename = "type")]
    kind: String,
    account: Option<String>,
    subject: Option<String>,
    id_contact: Option<String>,
    /// Its latest ticket.
    id_ticket: String,
    number: i64,
    /// `open`, `inProgress`, `closed` or `ignored`.
    state: String,
}

/// The company's conversations, the one in which something was said last first.
#[utoipa::path(
    post, path = "/api/chat/list", tag = "chat", operation_id = "ap_chat_list",
    request_body = Body,
    responses((status = 200, body = Envelope<Listed>))
)]
pub(super) async fn list(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let page = Page::read(fields);
    let name = filter_name(fields);
    fields.check(INVALID)?;
    let filter = Filter { company, name: &name, ..Filter::default() };
    let mut tx = api.0.db.read().await?;
    let rows = chats::list(&mut tx, filter, page.limit(), page.offset()).await?;
    let total = chats::count(&mut tx, filter).await?;
    let items: Vec<Chat> = rows.into_iter().map(Chat::from).collect();
    Ok(Answer::success(DONE).with(page.of(&items, total)))
}

/// The filter by name, in lower case.
pub(super) fn filter_name(fields: &mut Fields) -> String {
    let mut filters: Fields = fields.object("filters").into();
    let name = filters.text("name").unwrap_or_default().to_lowercase();
    fields.take_problems(filters, "filters");
    name
}

impl From<ChatRow> for Chat {
    fn from(row: ChatRow) -> Self {
        let name = [&row.name, &row.account, &row.subject].into_iter().flatten().next();
        Self {
            name: name.unwrap_or(&row.id).clone(),
            id_chat: row.id,
            last_message: row.last_content,
            unread: row.unread,
            last_message_at: moment(row.active_at),
            id_channel: row.channel_id,
            channel: row.channel_name,
            kind: row.kind,
            account: row.account,
            subject: row.subject,
            id_contact: row.contact_id,
            id_ticket: row.ticket_id,
            number: row.number,
            state: row.state,
        }
    }
}
