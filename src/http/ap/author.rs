//! In whose name something is said to a customer.

use super::Error;
use crate::{
    desk::reply::Author,
    http::{access::Caller, error::Error as PlainError},
    store::{
        Tx, chats,
        users::{self, User},
    },
};

/// Who writes: the person that is logged in, unless the call names somebody else (`named`) and may. An agent writes as
/// itself only. A program that names nobody has a name and no id: its number may be a person's, too.
///
/// # Errors
/// 403 if it may not.
pub(in crate::http) async fn author(tx: &mut Tx, caller: Caller, named: Option<Author>) -> Result<Author, Error> {
    let Some(id) = caller.user else {
        return match named {
            Some(named) => Ok(named),
            None => Ok(Author { id: None, name: chats::client_name(tx, caller.client_id).await? }),
        };
    };
    let own = users::find_anywhere(tx, id).await?.ok_or(PlainError::Unauthenticated)?;
    let other = named.filter(|named| !is(&own, named));
    match other {
        None => Ok(Author { id: Some(own.id.to_string()), name: Some(own.name) }),
        Some(_) if caller.hand().is_some() => Err(Error::Forbidden),
        Some(other) => Ok(other),
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
