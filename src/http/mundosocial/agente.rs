//! Who acts: the person whom `mail` (or `usua_id`) names.

use super::super::access::Caller;
use crate::{
    desk::reply::Author,
    http::ap::{Error, Fields, required, sending::INVALID},
    store::{
        StoreError, Tx,
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
    if caller.hand().is_some() {
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

/// The same, if anybody acts: a program may leave out for whom.
///
/// # Errors
/// As of [`acting`].
pub(super) async fn named(
    tx: &mut Tx,
    fields: &mut Fields,
    caller: &Caller,
    company: i64,
) -> Result<Option<i64>, Error> {
    match caller.user.is_some() || names(fields) {
        true => Ok(Some(acting(tx, fields, caller, company).await?.id)),
        false => Ok(None),
    }
}

/// Who writes, by address: the company's person who has it, or whoever is called so elsewhere.
///
/// # Errors
/// Those of the database.
pub(super) async fn writer(tx: &mut Tx, mail: String, company: i64) -> Result<Author, StoreError> {
    Ok(match users::find_by_email(tx, company, &mail.to_lowercase()).await? {
        Some(user) => Author { id: Some(user.id.to_string()), name: Some(user.name) },
        None => Author { id: Some(mail.clone()), name: Some(mail) },
    })
}

/// Whether a request names a person.
pub(super) fn names(fields: &Fields) -> bool {
    fields.is_given("mail") || fields.is_given("usua_id")
}

/// Whether a person is the one named; nobody is named by nothing.
fn is(user: &User, mail: Option<&str>, id: Option<i64>) -> bool {
    mail.is_none_or(|mail| user.email == mail) && id.is_none_or(|id| user.id == id)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        desk::clients::Role,
        store::{Db, companies},
    };

    /// A company with two agents and one who left; and the agent of another.
    struct House {
        folder: std::path::PathBuf,
        db: Db,
        company: i64,
        /// Daniel, Eva, who left, and the other company's.
        people: [i64; 4],
    }

    impl House {
        async fn new() -> Self {
            let folder = std::env::temp_dir().join(format!("relevo-acting-{}", uuid::Uuid::new_v4()));
            std::fs::create_dir_all(&folder).unwrap();
            let db = Db::open_sqlite(&folder.join("relevo.db"), 2).await.unwrap();
            db.migrate().await.unwrap();
            let mut tx = db.write().await.unwrap();
            let company = companies::insert(&mut tx, "Uno", 1).await.unwrap();
            let other = companies::insert(&mut tx, "Dos", 1).await.unwrap();
            let mut people = [0; 4];
            let all = [(company, "daniel", 1), (company, "eva", 1), (company, "left", 0), (other, "otra", 1)];
            for (id, (company_id, name, active)) in people.iter_mut().zip(all) {
                let email = format!("{name}@prueba.com");
                let user =
                    User { company_id, email, active, role: "agent".to_owned(), presence_id: 1, ..User::default() };
                *id = users::insert(&mut tx, &user).await.unwrap();
            }
            tx.commit().await.unwrap();
            Self { folder, db, company, people }
        }

        /// Who acts, or the status and what is said.
        async fn acting(&self, role: Role, user: Option<i64>, said: Value) -> Result<i64, String> {
            let Value::Object(said) = said else { panic!("an object") };
            let caller = Caller { client_id: 1, user, token: None, company: Some(self.company), role };
            let mut tx = self.db.read().await.unwrap();
            match acting(&mut tx, &mut Fields::from(said), &caller, self.company).await {
                Ok(user) => Ok(user.id),
                Err(Error::Denied(why)) => Err(format!("403 {why}")),
                Err(Error::Invalid(_, problems)) => Err(problems.into_values().flatten().collect::<Vec<_>>().join(" ")),
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    impl Drop for House {
        fn drop(&mut self) {
            _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    #[tokio::test]
    async fn p9_an_agent_acts_as_itself_alone() {
        let house = House::new().await;
        let [daniel, eva, left, other] = house.people;
        let own = [
            json!({}),
            json!({"mail": "Daniel@Prueba.com"}),
            json!({"usua_id": daniel}),
            json!({"mail": "daniel@prueba.com", "usua_id": daniel.to_string()}),
        ];
        for said in own {
            assert_eq!(house.acting(Role::Agent, Some(daniel), said).await, Ok(daniel));
        }
        let refused = Err("403 Un ejecutivo solo puede actuar como sí mismo.".to_owned());
        let others = [
            json!({"mail": "eva@prueba.com"}),
            json!({"usua_id": eva}),
            json!({"mail": "daniel@prueba.com", "usua_id": eva}),
            json!({"mail": "nobody@prueba.com"}),
        ];
        for said in others {
            assert_eq!(house.acting(Role::Agent, Some(daniel), said.clone()).await, refused, "{said}");
        }
        for nobody in [left, other] {
            assert_eq!(house.acting(Role::Agent, Some(nobody), json!({})).await, refused, "who is none of ours");
        }
    }

    #[tokio::test]
    async fn programs_and_operators_name_who_acts() {
        let house = House::new().await;
        let [daniel, eva, left, other] = house.people;
        for (role, user) in [(Role::Integration, None), (Role::Agent, None), (Role::Operator, Some(eva))] {
            let acting = async |said| house.acting(role, user, said).await;
            assert_eq!(acting(json!({"mail": "daniel@prueba.com"})).await, Ok(daniel));
            assert_eq!(acting(json!({"usua_id": daniel})).await, Ok(daniel));
            assert_eq!(acting(json!({"mail": "daniel@prueba.com", "usua_id": eva})).await, Err(UNKNOWN.to_owned()));
            for mail in ["nobody@prueba.com", "left@prueba.com", "otra@prueba.com"] {
                assert_eq!(acting(json!({"mail": mail})).await, Err(UNKNOWN.to_owned()), "{mail}");
            }
            for id in [0, left, other] {
                assert_eq!(acting(json!({"usua_id": id})).await, Err(UNKNOWN_ID.to_owned()));
            }
            let nobody = user.ok_or("El campo mail es obligatorio.".to_owned());
            assert_eq!(acting(json!({})).await, nobody, "{role:?}");
            let wrong = Err("El campo usua_id debe ser un número entero.".to_owned());
            assert_eq!(acting(json!({"mail": "daniel@prueba.com", "usua_id": "x"})).await, wrong);
        }
    }
}
