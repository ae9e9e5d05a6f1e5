//! Who acts: the person whom `mail` (or `usua_id`) names.

use super::super::access::Caller;
use crate::{
    desk::clients::Role,
    http::ap::{Error, Fields, required, sending::INVALID},
    store::{
        Tx,
        users::{self, User},
    },
};

const NOT_ONESELF: Error = Error::Denied("Un ejecutivo solo puede actuar como sí mismo.");
const UNKNOWN: &str = "El mail no corresponde a un usuario de la empresa.";
const UNKNOWN_ID: &str = "El usua_id no corresponde a un usuario de la empresa.";

/// The company's active person who acts: whom `mail` or `usua_id` names; without both, whoever is logged in. Read the
/// request's other fields before: a refusal says everything that is wrong with it.
///
/// # Errors
/// 403 if an agent names somebody else, whoever that is; what [`Fields::check`] says; those of the database.
pub(super) async fn acting(tx: &mut Tx, fields: &mut Fields, caller: &Caller, company: i64) -> Result<User, Error> {
    let (mail, id) = (fields.text("mail"), fields.int("usua_id"));
    fields.check(INVALID)?;
    let own = match caller.user {
        Some(user) => users::find(tx, company, user).await?.filter(|user| user.active != 0),
        None => None,
    };
    let mail = mail.map(|mail| mail.to_lowercase());
    if caller.user.is_some() && caller.role == Role::Agent {
        return own.filter(|own| is(own, mail.as_deref(), id)).ok_or(NOT_ONESELF);
    }
    let (field, complaint, found) = match (&mail, id) {
        (Some(mail), _) => ("mail", UNKNOWN.to_owned(), users::find_by_email(tx, company, mail).await?),
        (None, Some(id)) => ("usua_id", UNKNOWN_ID.to_owned(), users::find(tx, company, id).await?),
        (None, None) => ("mail", required("mail"), own),
    };
    match found.filter(|user| user.active != 0 && is(user, mail.as_deref(), id)) {
        Some(user) => Ok(user),
        None => {
            fields.complain(field, complaint);
            Err(fields.check(INVALID).err().unwrap_or(NOT_ONESELF))
        }
    }
}

/// Whether a person is the one named; nobody is named by nothing.
fn is(user: &User, mail: Option<&str>, id: Option<i64>) -> bool {
    mail.is_none_or(|mail| user.email == mail) && id.is_none_or(|id| user.id == id)
}
