//! In whose name something is said to a customer.

use super::Error;
use crate::{
    desk::reply::Author,
    http::{Api, access::Caller, error::Error as PlainError},
    store::users::{self, User},
};

/// Who writes: the person that is logged in, unless the call names somebody else (`named`) and may; `None` if a program
/// names nobody. An agent writes as itself only.
///
/// # Errors
/// 403 if it may not.
pub(in crate::http) async fn author(api: &Api, caller: Caller, named: Option<Author>) -> Result<Option<Author>, Error> {
    let Some(id) = caller.user else { return Ok(named) };
    let own = users::find_anywhere(&mut api.0.db.read().await?, id).await?.ok_or(PlainError::Unauthenticated)?;
    let other = named.filter(|named| !is(&own, named));
    match other {
        None => Ok(Some(Author { id: Some(own.id.to_string()), name: Some(own.name) })),
        Some(other) if !caller.may_act_as(number(&other)) => Err(Error::Forbidden),
        Some(other) => Ok(Some(other)),
    }
}

/// The person's number, or nobody's where the author goes by something else.
fn number(named: &Author) -> i64 {
    named.id.as_ref().and_then(|id| id.parse().ok()).unwrap_or_default()
}

/// Whether a call that names its author so means this person, by number, address or name.
fn is(user: &User, named: &Author) -> bool {
    match (&named.id, &named.name) {
        (Some(id), _) => *id == user.id.to_string() || id.to_lowercase() == user.email,
        (None, Some(name)) => *name == user.name || name.to_lowercase() == user.email,
        (None, None) => true,
    }
}
