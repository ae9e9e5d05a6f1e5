//! A person in AP's words. Nothing of what lets the person in is ever shown.

use serde::Serialize;
use utoipa::ToSchema;

use super::type_of;
use crate::store::users::User;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApUserFields)]
pub(super) struct Rest {
    #[schema(examples("Juan Perez"))]
    name: String,
    #[schema(examples("juan@empresa.com"))]
    email: String,
    #[schema(examples(3))]
    company: i64,
    #[schema(examples(7))]
    department: Option<i64>,
    /// 2 admin, 3 chat (agent), 4 operator.
    #[serde(rename = "type")]
    #[schema(examples("2"))]
    kind: String,
    /// 1 active, 0 inactive.
    #[schema(examples(1))]
    state: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApUser)]
pub(super) struct Person {
    #[schema(examples(15))]
    id: i64,
    #[serde(flatten)]
    rest: Rest,
}

/// As it is answered to whoever asks for one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApShownUser)]
pub(super) struct Shown {
    #[schema(examples(15))]
    id_user: i64,
    #[serde(flatten)]
    rest: Rest,
}

impl From<User> for Rest {
    fn from(user: User) -> Self {
        Self {
            kind: type_of(&user.role),
            name: user.name,
            email: user.email,
            company: user.company_id,
            department: user.department_id,
            state: user.active,
        }
    }
}

impl From<User> for Person {
    fn from(user: User) -> Self {
        Self { id: user.id, rest: user.into() }
    }
}

impl From<User> for Shown {
    fn from(user: User) -> Self {
        Self { id_user: user.id, rest: user.into() }
    }
}
