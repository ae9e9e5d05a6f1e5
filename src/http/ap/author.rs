//! In whose name something is said to a customer.

use super::Error;
use crate::{
    desk::reply::Author,
    http::{access::Caller, error::Error as PlainError},
    store::{
        Tx,
        users::{self, User},
    },
};

/// Who writes: the person that is logged in, unless the call names somebody else (`named`) and may; `None` if a program
/// names nobody. An agent writes as itself only.
///
/// # Errors
/// 403 if it may not.
pub(in crate::http) async fn author(
    tx: &mut Tx,
    caller: Caller,
    named: Option<Author>,
) -> Result<Option<Author>, Error> {
    let Some(id) = caller.user else { return Ok(named) };
    let own = users::find_anywhere(tx, id).await?.ok_or(PlainError::Unauthenticated)?;
    let other = named.filter(|named| !is(&own, named));
    match other {
        None => Ok(Some(Author { id: Some(own.id.to_string()), name: Some(own.name) })),
        Some(_) if caller.hand().is_some() => Err(Error::Forbidden),
        Some(other) => Ok(Some(other)),
    }
}

/// Whether a call that names its author so means this person, by number, address or name.
fn is(user: &User, named: &Author) -> bool {
    match (&named.id, &named.name) {
        (Some(id), _) => *id == user.id.to_string() || id.to_lowercase() == user.email,
        (None, Some(name)) => *name == user.name || name.to_lowercase() == user.email,
        (None, None) => true,
    }
}
