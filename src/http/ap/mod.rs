//! AP: the operators' and agents' daily surface. Its own envelope, its own words, Spanish.
//!
//! A handler reads an [`Asked`], whose [`Fields`] note every problem before anything is done, and gives an [`Answer`]
//! or an [`Error`]; POSTs that create or send do their work within `idempotency::once`.

mod answer;
mod auth;
mod author;
mod body;
mod broadcast;
mod channel;
mod channels;
mod chat;
pub(super) mod content;
mod departments;
mod deptos;
mod error;
mod faqs;
mod media;
mod meta;
mod moment;
mod paging;
pub(super) mod person;
pub(super) mod sending;
mod subscriptions;
mod telegram;
mod upload;
mod users;

use axum::{
    extract::Request,
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
};
use utoipa_axum::router::OpenApiRouter;

pub(super) use self::{
    answer::{Answer, Envelope, number},
    author::author,
    body::{Asked, Fields, required},
    channel::{destination, find as channel, open},
    error::{BRIEF, Error, NO_DATA},
    media::{File, url as media_url},
    moment::moment,
    upload::Upload,
};
use super::{
    Api,
    access::{Caller, authenticate, authenticate_client},
    error::Error as PlainError,
};
use crate::desk::clients::Role;

/// The family's routes; the check of credentials stands before all, and the check of the role before those that
/// configure.
pub(super) fn router(api: &Api) -> OpenApiRouter<Api> {
    let configuring = channels::router()
        .merge(telegram::configuring())
        .merge(subscriptions::router())
        .route_layer(from_fn(configures));
    let working = meta::router().merge(telegram::router()).merge(chat::router()).merge(broadcast::router());
    let people = users::router().merge(auth::router());
    let arranging = departments::writing().merge(faqs::writing()).route_layer(from_fn(arranges));
    let arranged = departments::reading().merge(faqs::reading()).merge(deptos::router());
    let asking = configuring
        .merge(working)
        .merge(people)
        .merge(arranging)
        .merge(arranged)
        .route_layer(from_fn_with_state(api.clone(), authenticate));
    let entering = auth::entering().route_layer(from_fn_with_state(api.clone(), authenticate_client));
    asking.merge(entering).merge(media::router()).merge(users::pictures())
}

/// The layer before the routes that change what agents work with: agents may only read it.
pub(super) async fn arranges(request: Request, next: Next) -> Result<Response, Error> {
    match request.extensions().get::<Caller>().map(|caller| caller.role) {
        Some(Role::Admin | Role::Operator | Role::Integration) => Ok(next.run(request).await),
        Some(Role::Agent) => Err(Error::Forbidden),
        None => Err(PlainError::Unauthenticated.into()),
    }
}

/// The layer before the routes that configure: who may not is told so before the request is read.
async fn configures(request: Request, next: Next) -> Result<Response, Error> {
    match request.extensions().get::<Caller>().map(|caller| caller.role) {
        Some(Role::Admin) => Ok(next.run(request).await),
        Some(Role::Operator | Role::Agent | Role::Integration) => Err(Error::Forbidden),
        None => Err(PlainError::Unauthenticated.into()),
    }
}
