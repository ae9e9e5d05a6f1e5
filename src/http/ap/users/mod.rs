//! People (AP "SuperAdmin Usuarios"). Whoever may see the company's things may see who works there; admins change them,
//! and everybody their own name, phone, password, PIN and picture.

mod analyze;
mod form;
mod list;
mod picture;
mod show;
mod status;
mod store;
mod update;
mod view;

use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use self::picture::url as picture_url;
use super::person::Names;
use crate::{desk::clients::Role, http::Api};

pub(super) const NAMES: Names = Names {
    email: "email",
    name: "name",
    code: "code",
    phone: "phone",
    role: "type",
    password: "password",
    capacity: "capacity",
    department: "department",
    active: "state",
    to_role,
};

/// The seed's types, and one of ours; its "1" is a program here.
const TYPES: [(&str, Role); 3] = [("2", Role::Admin), ("3", Role::Agent), ("4", Role::Operator)];

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(store::store))
        .routes(routes!(list::list))
        .routes(routes!(show::show))
        .routes(routes!(update::update))
        .routes(routes!(analyze::analyze))
        .routes(routes!(status::of_path))
        .routes(routes!(status::of_body))
        .routes(routes!(picture::upload))
        .routes(routes!(picture::delete))
}

/// A signed link to a picture needs no credentials: this checks them itself.
pub(super) fn pictures() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(picture::show))
}

fn to_role(named: &str) -> Result<Role, String> {
    match TYPES.iter().find(|(name, _)| *name == named) {
        Some((_, role)) => Ok(*role),
        None if named == "1" => {
            Err("El tipo 1 (super) no se crea aquí: use las credenciales de un super-administrador.".to_owned())
        }
        None => Err("El tipo debe ser 2 (admin), 3 (chat) o 4 (operador).".to_owned()),
    }
}

fn type_of(role: &str) -> String {
    let named = TYPES.iter().find(|(_, known)| known.as_str() == role);
    named.map_or(role, |(name, _)| name).to_owned()
}

/// The id that a path names; one that is no number names nobody.
fn id_of(segment: &str) -> i64 {
    segment.parse().unwrap_or_default()
}
