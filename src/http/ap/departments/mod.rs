//! AP "SuperAdmin Departamentos". Every role reads; agents change nothing.

mod list;
mod search;
mod status;
mod store;
mod update;

pub(super) use self::list::{Filters as DepartmentFilters, Row as DepartmentRow, matching};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Error, Fields};
use crate::{
    desk::catalogue::{CatalogueError, Part},
    http::Api,
    store::departments::Department,
};

pub(super) fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(list::list)).routes(routes!(search::search))
}

pub(super) fn writing() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(store::store))
        .routes(routes!(update::update))
        .routes(routes!(status::update_status))
}

/// The week of a department: each day's `…_apertura` and `…_cierre` (`HH:MM`; a closing that is not after the opening
/// is on the next day), both or none. Without any day it is always open.
#[derive(Debug, ToSchema)]
#[schema(as = ApHour)]
#[expect(dead_code, reason = "describes what is stored as JSON")]
struct Hour {
    #[schema(examples("08:00"))]
    lunes_apertura: Option<String>,
    #[schema(examples("17:00"))]
    lunes_cierre: Option<String>,
    martes_apertura: Option<String>,
    martes_cierre: Option<String>,
    miercoles_apertura: Option<String>,
    miercoles_cierre: Option<String>,
    jueves_apertura: Option<String>,
    jueves_cierre: Option<String>,
    viernes_apertura: Option<String>,
    viernes_cierre: Option<String>,
    sabado_apertura: Option<String>,
    sabado_cierre: Option<String>,
    domingo_apertura: Option<String>,
    domingo_cierre: Option<String>,
    /// What customers are told outside of these hours; up to 255 characters.
    #[schema(examples("Fuera de horario"))]
    defecto: Option<String>,
    #[schema(examples("soporte@empresa.com"))]
    email: Option<String>,
}

/// The hours as an object; `null` without any.
fn hour(department: &Department) -> Option<Value> {
    serde_json::from_str(department.hours.as_deref()?).ok()
}

/// The `hour` that a request gives.
fn given_hour(fields: &mut Fields) -> Option<Value> {
    let named = fields.is_named("hour");
    match fields.take("hour") {
        // PHP's empty object.
        Some(Value::Array(items)) if items.is_empty() => Some(Value::Null),
        Some(Value::String(text)) if text.is_empty() => Some(Value::Null),
        Some(hour) => Some(hour),
        None => named.then_some(Value::Null),
    }
}

/// Why the desk did not do it, in AP's words: `missing` if there is no such department, `taken` if the name is used.
fn refused(error: CatalogueError, missing: Error, taken: &str, message: &'static str) -> Error {
    match error {
        CatalogueError::Store(error) => error.into(),
        CatalogueError::Missing(_) => missing,
        CatalogueError::Taken(_) => Error::Conflict(taken.to_owned(), None),
        CatalogueError::Wrong(all, _) => {
            let mut fields = Fields::default();
            for (part, why) in all {
                let name = if part == Part::Name { "department_name" } else { "hour" };
                fields.complain(name, why);
            }
            fields.check(message).err().unwrap_or(missing)
        }
    }
}
