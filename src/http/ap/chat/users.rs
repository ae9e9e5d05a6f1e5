//! AP "Listar usuarios de chat" and "Obtener usuarios de un chat".

use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    DONE, chat,
    list::{Body, filter_name},
    messages::{ChatBody, person},
    page::Page,
};
use crate::{
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, sending::INVALID},
    },
    store::chats::{self, User},
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChatUser)]
pub(super) struct Agent {
    #[schema(examples(7))]
    id: i64,
    #[schema(examples("Agente 1"))]
    name: String,
    #[schema(examples("agente1@empresa.com"))]
    email: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChatUserPage)]
pub(super) struct Listed {
    data: Vec<Agent>,
}

/// The company's agents and operators.
#[utoipa::path(
    post, path = "/api/chat/listChatUsers", tag = "chat", operation_id = "ap_chat_users",
    request_body = Body,
    responses((status = 200, body = Envelope<Listed>))
)]
pub(super) async fn list(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let page = Page::read(fields);
    let name = filter_name(fields);
    fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    let users = chats::users(&mut tx, company, &name, page.limit(), page.offset()).await?;
    let total = chats::count_users(&mut tx, company, &name).await?;
    let agent = |User { id, name, email }| Agent { id, name, email };
    let items: Vec<Agent> = users.into_iter().map(agent).collect();
    Ok(Answer::success(DONE).with(page.of(&items, total)))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChatMembers)]
pub(super) struct Members {
    users: Vec<Member>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApChatMember)]
pub(super) struct Member {
    /// As in the messages' `sender_id`.
    #[schema(value_type = Object)]
    id: Value,
    #[schema(examples("Agente 1"))]
    name: Option<String>,
    /// `contact` (the customer) or `agent`.
    role: &'static str,
}

/// Who takes part in a conversation: the customer, and everybody of ours who wrote in it; no programs.
#[utoipa::path(
    post, path = "/api/chat/getChatUsers", tag = "chat", operation_id = "ap_chat_members",
    request_body = ChatBody,
    responses((status = 200, body = Envelope<Members>))
)]
pub(super) async fn of_chat(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let mut tx = api.0.db.read().await?;
    let found = chat(&mut tx, &mut asked.fields, company).await?;
    asked.fields.check(INVALID)?;
    let Some(found) = found else { return Err(Error::Invalid(INVALID, Default::default())) };
    let name = found.name;
    let customer = found.contact_id.map(|id| Member { id: json!(id), name, role: "contact" });
    let ours = chats::authors(&mut tx, &found.id).await?.into_iter();
    let ours = ours.map(|(account, name)| Member { id: person(&account), name, role: "agent" });
    Ok(Answer::success(DONE).with(Members { users: customer.into_iter().chain(ours).collect() }))
}
