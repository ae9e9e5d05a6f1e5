//! MS "Usuarios": known by its titles only. Admins change people; whoever may see the company's things sees who works
//! there.

mod change;
mod create;
mod list;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    desk::{clients::Role, users::UserError},
    http::{
        Api,
        ap::{
            Asked, Error,
            person::{self, Names},
            sending::invalid,
        },
    },
    store::users::User,
};

const NAMES: Names = Names {
    email: "usua_mail",
    name: "usua_nombre",
    code: "usua_codigo",
    phone: "usua_fono",
    role: "usua_rol",
    password: "usua_clave",
    capacity: "usua_capacidad",
    department: "depa_id",
    active: "usua_activo",
    to_role,
};

const ID: &str = "usua_id";

/// Roles of people, and what they are called.
const ROLES: [(Role, &str); 3] =
    [(Role::Admin, "Administrador"), (Role::Operator, "Operador"), (Role::Agent, "Ejecutivo")];

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list::usuarios))
        .routes(routes!(list::usuario, create::crear))
        .routes(routes!(list::roles))
        .routes(routes!(change::update))
        .routes(routes!(change::delete))
}

fn to_role(named: &str) -> Result<Role, String> {
    let named = named.to_lowercase();
    let known = ROLES.iter().find(|(role, name)| role.as_str() == named || name.to_lowercase() == named);
    let words = ROLES.map(|(role, _)| role.as_str()).join(", ");
    known.map(|(role, _)| *role).ok_or_else(|| format!("El usua_rol debe ser uno de: {words}."))
}

fn unknown() -> Error {
    invalid(ID, "El usua_id no se encuentra registrado.")
}

/// The person that `usua_id` names, if the caller's company has it.
async fn find(api: &Api, asked: &Asked, id: i64) -> Result<User, Error> {
    person::find(api, asked.caller, id).await.map_err(|error| match error {
        Error::NotFound(_) | Error::NotFoundWith(..) => unknown(),
        error => error,
    })
}

/// A desk's refusal in the family's words.
fn refusal(error: UserError) -> Error {
    match error {
        UserError::NoUser => unknown(),
        error => person::refusal(error, &NAMES),
    }
}
