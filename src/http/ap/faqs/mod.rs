//! AP "SuperAdmin FAQs": answers that agents give often. Every role reads; agents change nothing.

mod list;
mod search;
mod status;
mod store;
mod update;

use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Error, Fields};
use crate::{
    desk::catalogue::{CatalogueError, Part, faqs},
    http::Api,
    store::faqs::Faq,
};

const INVALID: &str = "Validacion fallida.";
/// Departments of one answer (P8).
const DEPARTMENTS: usize = 1_000;

pub(super) fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(list::list)).routes(routes!(search::search))
}

pub(super) fn writing() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(store::store))
        .routes(routes!(update::update))
        .routes(routes!(status::update_status))
}

/// The departments of an answer as AP says them: numbers as text, `"0"` for all.
fn departments(faq: &Faq) -> Vec<String> {
    match faqs::departments(faq).as_slice() {
        [] => vec![faqs::EVERY.to_string()],
        ids => ids.iter().map(i64::to_string).collect(),
    }
}

/// The same as JSON in a text.
fn departments_text(faq: &Faq) -> String {
    Value::from(departments(faq)).to_string()
}

/// The departments that a request gives, under either of AP's spellings; notes what is wrong with them.
fn given(fields: &mut Fields, names: [&'static str; 2]) -> Option<Vec<i64>> {
    let name = names.into_iter().find(|name| fields.is_given(name))?;
    let items = match fields.take(name)? {
        Value::Array(items) => items,
        one => vec![one],
    };
    let number = |item: &Value| item.as_i64().or_else(|| item.as_str()?.trim().parse().ok());
    let read: Option<Vec<i64>> = items.iter().map(number).collect();
    match read.filter(|read| (1..=DEPARTMENTS).contains(&read.len())) {
        Some(read) => Some(read),
        None => {
            fields.complain(name, format!("El campo {name} debe ser una lista de 1 a {DEPARTMENTS} departamentos."));
            None
        }
    }
}

/// Why the desk did not do it, in AP's words; `list` is what the departments are called.
fn refused(error: CatalogueError, missing: Error, list: &'static str) -> Error {
    match error {
        CatalogueError::Store(error) => error.into(),
        CatalogueError::Missing(_) => missing,
        CatalogueError::Taken(why) => Error::Conflict(why, None),
        CatalogueError::Wrong(all, _) => {
            let mut fields = Fields::default();
            for (part, why) in all {
                fields.complain(if part == Part::Departments { list } else { "replay" }, why);
            }
            fields.check(INVALID).err().unwrap_or(missing)
        }
    }
}
