//! Who calls: programs, by `X-User-Consumo` and `X-User-Secret` (AP "Autenticación de Solicitudes"), and people, by
//! `Authorization: Bearer` with the token that `auth/login` gave them, with or without a program's headers beside it.
//! Whoever is logged in calls as that person, with the person's role, whatever the program may.
//!
//! What each role may; the check stands before the routes, or where a person's own things are meant, in the handler:
//!
//! | | admin | operator | agent | integration (programs only) |
//! |---|---|---|---|---|
//! | channels, webhooks and subscriptions: configure | yes | no | no | no |
//! | people: add, change, (de)activate, pictures | yes | no | own name, phone, password, PIN, picture | no |
//! | people: list, show | yes | yes | yes | yes |
//! | departments, groups, hours, answers, publications: change | yes | yes | no | yes |
//! | the same: read | yes | yes | yes | yes |
//! | reports, and telling all who wait (`diferencia`) | yes | yes | no | yes |
//! | chats, messages, tickets, templates: read | yes | yes | yes | yes |
//! | act on tickets | all of the company | all of the company | a person: its own, and what waits in its groups | all of the company |
//! | send and act on messages | as anybody of the company | as anybody of the company | a person: only as itself | as anybody of the company |
//!
//! "no" to an agent is meant for programs of that role, too. An operator has its own name, phone, password, PIN and picture too.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, header, request::Parts},
    middleware::Next,
    response::Response,
};
use relevo_adapters::Millis;
use serde::Deserialize;
use subtle::ConstantTimeEq;

use super::{Api, audit::Who, error::Error, extract::Params, throttle::Throttle};
use crate::{
    clock::Clock,
    desk::clients::Role,
    secrets::hash_secret,
    store::{Db, StoreError, clients, companies, tokens},
};

/// Header with the client key.
pub(super) const KEY_HEADER: &str = "x-user-consumo";
/// Header with the secret.
pub(super) const SECRET_HEADER: &str = "x-user-secret";

/// How long proven credentials are believed without asking the database: a revoked client may call this long.
const BELIEVED_MS: Millis = 5_000;
/// Proven credentials that are remembered at once (P8).
const REMEMBERED: usize = 1_000;

/// Who makes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caller {
    /// The program; 0 if a person calls without one.
    pub(super) client_id: i64,
    /// The person, if one is logged in.
    pub(super) user: Option<i64>,
    /// `None`: a super-admin, who names a company with each call.
    pub(super) company: Option<i64>,
    /// The person's, if one is logged in, or the program's.
    pub(super) role: Role,
    /// The id of the token by which the person is logged in.
    pub(super) token: Option<i64>,
}

impl Caller {
    /// The program, if there is one.
    pub(super) fn client(&self) -> Option<i64> {
        Some(self.client_id).filter(|id| *id != 0)
    }

    /// The agent who is logged in himself: he acts as nobody else, and touches only what is his or waits in his groups.
    /// Everybody else acts as anybody of the company.
    pub(super) fn hand(&self) -> Option<i64> {
        self.user.filter(|_| self.role == Role::Agent)
    }

    /// Whether the call may change people.
    pub(super) fn manages_people(&self) -> bool {
        self.role == Role::Admin
    }

    /// Under which number what belongs to the caller is kept: a program's id, or a person's, negative.
    pub(super) fn owner(&self) -> i64 {
        self.user.map_or(self.client_id, |user| -user)
    }

    /// The name under which what was read already is remembered.
    pub(super) fn reader(&self) -> String {
        match self.user {
            Some(user) => format!("user:{user}"),
            None => format!("api:{}", self.client_id),
        }
    }
}

/// Why nobody is let in.
#[derive(Debug, thiserror::Error)]
pub(super) enum AccessError {
    #[error("credentials are missing or wrong")]
    Wrong,
    #[error("too many failures; heard again in {0} s")]
    Throttled(i64),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<AccessError> for Error {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Wrong => Self::Unauthenticated,
            AccessError::Throttled(seconds) => Self::TooManyFailures(seconds),
            AccessError::Store(error) => error.into(),
        }
    }
}

/// The check of credentials.
#[derive(Debug)]
pub(super) struct Access {
    db: Db,
    clock: Clock,
    throttle: Throttle,
    /// By the hash of key and secret, so that only who knows both gains from it.
    proven: Mutex<HashMap<String, (Millis, Caller)>>,
}

impl Access {
    pub(super) fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, throttle: Throttle::of_keys(), proven: Mutex::default() }
    }

    /// The caller behind these headers: a program, or a person, for whom a program may speak.
    pub(super) async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, AccessError> {
        let client = match [KEY_HEADER, SECRET_HEADER].iter().all(|name| text(headers, name).is_none()) {
            true => None,
            false => Some(self.authenticate_client(headers).await?),
        };
        match (bearer(headers), client) {
            (None, client) => client.ok_or(AccessError::Wrong),
            (Some(token), client) => self.person(token, client).await,
        }
    }

    /// The person behind a token, whose company is the client's too.
    async fn person(&self, token: &str, client: Option<Caller>) -> Result<Caller, AccessError> {
        let found = tokens::find(&mut self.db.read().await?, &hash_secret(token), self.clock.now()).await?;
        let bearer = found.ok_or(AccessError::Wrong)?;
        if client.is_some_and(|client| client.company.is_some_and(|company| company != bearer.company_id)) {
            return Err(AccessError::Wrong);
        }
        let role = Role::parse(&bearer.role).ok_or_else(|| {
            tracing::error!(user = bearer.user_id, "a person has a role that this version does not know");
            AccessError::Wrong
        })?;
        Ok(Caller {
            client_id: client.map_or(0, |client| client.client_id),
            user: Some(bearer.user_id),
            company: Some(bearer.company_id),
            role,
            token: Some(bearer.id),
        })
    }

    /// The program behind these headers, whoever is logged in.
    pub(super) async fn authenticate_client(&self, headers: &HeaderMap) -> Result<Caller, AccessError> {
        let (Some(key), Some(secret)) = (text(headers, KEY_HEADER), text(headers, SECRET_HEADER)) else {
            return Err(AccessError::Wrong);
        };
        let now = self.clock.now();
        if let Some(seconds) = self.throttle.closed(key, now) {
            return Err(AccessError::Throttled(seconds));
        }
        let both = hash_secret(&format!("{key}\n{secret}"));
        match self.recall(&both, now) {
            Some(caller) => Ok(caller),
            None => match self.prove(key, secret).await? {
                Some(caller) => {
                    self.remember(both, caller, now);
                    Ok(caller)
                }
                None => {
                    self.throttle.failed(key, now);
                    Err(AccessError::Wrong)
                }
            },
        }
    }

    /// Asks the database. An unknown client and a wrong secret take the same path and the same time.
    async fn prove(&self, key: &str, secret: &str) -> Result<Option<Caller>, StoreError> {
        let mut tx = self.db.read().await?;
        let client = clients::find(&mut tx, key).await?;
        let given = hash_secret(secret);
        let expected = client.as_ref().map_or_else(|| hash_secret(""), |client| client.secret_hash.clone());
        let same: bool = given.as_bytes().ct_eq(expected.as_bytes()).into();
        Ok(client.filter(|_| same).and_then(|client| {
            let role = Role::parse(&client.role);
            if role.is_none() {
                tracing::error!(client = client.id, "a client has a role that this version does not know");
            }
            Some(Caller { client_id: client.id, user: None, company: client.company_id, role: role?, token: None })
        }))
    }

    fn recall(&self, both: &str, now: Millis) -> Option<Caller> {
        let proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        proven.get(both).filter(|(until, _)| now < *until).map(|(_, caller)| *caller)
    }

    fn remember(&self, both: String, caller: Caller, now: Millis) {
        let mut proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        if proven.len() >= REMEMBERED {
            proven.clear();
        }
        proven.insert(both, (now + BELIEVED_MS, caller));
    }
}

/// What a header says, if it says something.
fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty())
}

/// The token of `Authorization: Bearer`; other schemes are for others.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let said = text(headers, header::AUTHORIZATION.as_str())?.trim();
    let (scheme, token) = said.split_once(' ').unwrap_or((said, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The layer before every family that asks for credentials: who gets past it is in the request and in the record.
pub(super) async fn authenticate(State(api): State<Api>, request: Request, next: Next) -> Result<Response, Error> {
    let caller = api.0.access.authenticate(request.headers()).await?;
    Ok(enter(caller, request, next).await)
}

/// The layer before the routes by which people log in: only the program counts, so that a token that is no more stands
/// in nobody's way.
pub(super) async fn authenticate_client(
    State(api): State<Api>,
    request: Request,
    next: Next,
) -> Result<Response, Error> {
    let caller = api.0.access.authenticate_client(request.headers()).await?;
    Ok(enter(caller, request, next).await)
}

async fn enter(caller: Caller, mut request: Request, next: Next) -> Response {
    let span = tracing::Span::current();
    span.record("client", caller.client()).record("user", caller.user).record("role", caller.role.as_str());
    if let Some(who) = request.extensions().get::<Who>() {
        who.is(caller);
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// The company that a call is about: the caller's own; a super-admin names it by `?id_company=`. Naming another
/// company than one's own is answered like naming one that does not exist.
#[derive(Debug)]
pub(super) struct Company(pub(super) i64);

#[derive(Deserialize)]
struct Named {
    id_company: Option<String>,
}

impl FromRequestParts<Api> for Company {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Error> {
        // A family that forgot to ask for credentials lets nobody in.
        let caller = *parts.extensions.get::<Caller>().ok_or(Error::Unauthenticated)?;
        let Params(Named { id_company }) = Params::from_request_parts(parts, api).await?;
        let named = match id_company.map(|text| text.parse::<i64>()) {
            None => None,
            Some(Ok(id)) => Some(id),
            Some(Err(_)) => return Err(Error::Invalid("id_company must be a number")),
        };
        match (caller.company, named) {
            (Some(own), None) => Ok(Self(own)),
            (Some(own), Some(named)) if own == named => Ok(Self(own)),
            (Some(_), Some(_)) => Err(Error::NotFound("Company not found")),
            (None, None) => Err(Error::Invalid("id_company is required: a super-admin names the company")),
            (None, Some(named)) => match companies::find(&mut api.0.db.read().await?, named).await? {
                Some(company) => Ok(Self(company.id)),
                None => Err(Error::NotFound("Company not found")),
            },
        }
    }
}
