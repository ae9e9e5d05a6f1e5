//! Letting people in: tokens, and what lets somebody set a new password. The tokens themselves are seen once; what is
//! kept are their hashes.

use relevo_adapters::Millis;
use secrecy::{ExposeSecret, SecretString};

use super::{Change, UserError, update};
use crate::{
    clock::Clock,
    desk::{presence, routing::Routed},
    domain::{RESET_MS, TOKEN_MS},
    secrets::{hash_secret, random_secret},
    store::{
        StoreError, Tx, tokens,
        users::{self, User},
    },
};

/// By what somebody shows who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    Password,
    /// On this device.
    Pin {
        device: String,
    },
}

impl Proof {
    /// The hash that it has to match; `None` if nothing lets this person in by it.
    pub fn kept(&self, user: &User) -> Option<String> {
        let kept = match self {
            Self::Password => &user.password_hash,
            Self::Pin { device } if user.device_id.as_ref() == Some(device) => &user.pin_hash,
            Self::Pin { .. } => &None,
        };
        kept.clone().filter(|_| user.active == 1)
    }
}

/// What somebody who was let in shows with each call from now on.
#[derive(Debug)]
pub struct NewToken {
    pub token: SecretString,
    pub expires_at: Millis,
}

/// Lets somebody in whose secret was found right: `seen` is the person as it was when that was found. Gives nothing if
/// that does not hold any more.
///
/// # Errors
/// Those of the database.
pub async fn let_in(tx: &mut Tx, clock: &Clock, seen: &User) -> Result<Option<NewToken>, StoreError> {
    // Whoever changes the password waits here, or was first: then what was found right is no more.
    let now = users::lock(tx, seen.id).await?;
    let holds = |user: &User| {
        let same = (&user.password_hash, &user.pin_hash) == (&seen.password_hash, &seen.pin_hash);
        same && user.active == 1 && user.role == seen.role
    };
    match now.is_some_and(|user| holds(&user)) {
        true => issue(tx, clock, seen.id).await.map(Some),
        false => Ok(None),
    }
}

async fn issue(tx: &mut Tx, clock: &Clock, user: i64) -> Result<NewToken, StoreError> {
    let (token, expires_at) = (random_secret(), clock.now() + TOKEN_MS);
    tokens::insert(tx, user, &hash_secret(token.expose_secret()), clock.now(), expires_at).await?;
    Ok(NewToken { token, expires_at })
}

/// Gives a new token for the one with this id, which ends. Gives nothing if that one holds no more.
///
/// # Errors
/// Those of the database.
pub async fn refresh(tx: &mut Tx, clock: &Clock, user: i64, token: i64) -> Result<Option<NewToken>, StoreError> {
    let active = users::lock(tx, user).await?.is_some_and(|user| user.active == 1);
    match active && tokens::revoke(tx, token, clock.now()).await? {
        true => issue(tx, clock, user).await.map(Some),
        false => Ok(None),
    }
}

/// Ends the token with this id. Whoever is logged in by no other is not at work any more; tickets that wait for an answer
/// are given back after a while, as when somebody says so.
///
/// # Errors
/// Those of the database.
pub async fn log_out(tx: &mut Tx, clock: &Clock, user: i64, token: i64) -> Result<Routed, StoreError> {
    // Held, so that one of two logouts is the last.
    let Some(user) = users::lock(tx, user).await? else { return Ok(Routed::default()) };
    let now = clock.now();
    tokens::revoke(tx, token, now).await?;
    match tokens::is_logged_in(tx, user.id, now).await? {
        true => Ok(Routed::default()),
        false => presence::show(tx, clock, (user.company_id, user.id), false).await,
    }
}

/// Makes what lets a person set a new password, once, within [`RESET_MS`]; an earlier one holds no more.
///
/// # Errors
/// [`UserError::NoUser`] if the company has no active person of this address.
pub async fn allow_reset(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    email: &str,
) -> Result<(User, SecretString), UserError> {
    let user = users::find_by_email(tx, company, email).await?.filter(|user| user.active == 1);
    let user = user.ok_or(UserError::NoUser)?;
    let token = random_secret();
    tokens::put_reset(tx, user.id, &hash_secret(token.expose_secret()), clock.now() + RESET_MS).await?;
    Ok((user, token))
}

/// The active person of this company and address who may set a new password with this token.
///
/// # Errors
/// [`UserError::NoUser`] if there is none.
pub async fn find_reset(
    tx: &mut Tx,
    clock: &Clock,
    company: i64,
    (email, token): (&str, &SecretString),
) -> Result<User, UserError> {
    let hash = hash_secret(token.expose_secret());
    let id = tokens::find_reset(tx, &hash, clock.now()).await?.ok_or(UserError::NoUser)?;
    let user = users::find(tx, company, id).await?.filter(|user| user.email == email && user.active == 1);
    user.ok_or(UserError::NoUser)
}

/// Sets the new password of somebody whom [`find_reset`] found; the token ends, and so does whatever
/// they are logged in by.
///
/// # Errors
/// [`UserError::NoUser`] if the token holds no more.
pub async fn reset(
    tx: &mut Tx,
    clock: &Clock,
    user: &User,
    (token, password_hash): (&SecretString, String),
) -> Result<(), UserError> {
    if !tokens::take_reset(tx, &hash_secret(token.expose_secret()), clock.now()).await? {
        return Err(UserError::NoUser);
    }
    let change = Change { password_hash: Some(password_hash), ..Change::default() };
    update(tx, clock, Some(user.company_id), user.id, change).await.map(drop)
}
