//! Who calls: API clients, by `X-User-Consumo` and `X-User-Secret` (AP "Autenticación de Solicitudes").

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{HeaderMap, request::Parts},
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
    store::{Db, StoreError, clients, companies},
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
    pub(super) role: Role,
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
        Self { db, clock, throttle: Throttle::default(), proven: Mutex::default() }
    }

    /// The caller behind these headers.
    pub(super) async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, AccessError> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
        let (Some(key), Some(secret)) = (text(KEY_HEADER), text(SECRET_HEADER)) else {
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
            Some(Caller { client_id: client.id, user: None, company: client.company_id, role: role? })
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

/// The layer before every family that asks for credentials: who gets past it is in the request and in the record.
pub(super) async fn authenticate(State(api): State<Api>, mut request: Request, next: Next) -> Result<Response, Error> {
    let caller = api.0.access.authenticate(request.headers()).await?;
    let span = tracing::Span::current();
    span.record("client", caller.client_id).record("role", caller.role.as_str());
    if let Some(who) = request.extensions().get::<Who>() {
        who.is(caller);
    }
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
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
