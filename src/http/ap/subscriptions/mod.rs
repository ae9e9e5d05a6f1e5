//! Subscriptions, for those who configure: bots, CRMs and other systems that events are relayed to. The seed has no such
//! section; names and answers are in the style of its channels.

mod change;
mod list;
mod secret;
mod store;
mod test;
mod view;

use serde_json::Value;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    desk::subscriptions::{SubscriptionError, Wanted},
    domain::Unfit,
    http::{
        Api,
        ap::{Error, Fields},
    },
};

const INVALID: &str = "Errores de validacion.";
const MISSING: Error = Error::NotFound("La suscripción indicada no existe.");

pub(super) fn router() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .routes(routes!(list::list))
        .routes(routes!(list::show))
        .routes(routes!(store::store))
        .routes(routes!(change::update))
        .routes(routes!(change::update_status))
        .routes(routes!(secret::rotate_secret))
        .routes(routes!(test::test))
}

/// What is asked for of a subscription, with what is wrong with it noted.
fn wanted(api: &Api, fields: &mut Fields) -> Wanted {
    let name = fields.text("name");
    let url = fields.text("url").and_then(|url| match api.0.poster.vet(&url) {
        Ok(target) => Some(target),
        Err(why) => {
            fields.complain("url", format!("La url {}.", unfit(why)));
            None
        }
    });
    let timeout_ms = fields.int("timeout_ms");
    Wanted { name, url, events: events(fields), timeout_ms }
}

fn unfit(why: Unfit) -> &'static str {
    match why {
        Unfit::Private => "no puede ser una dirección privada",
        Unfit::Credentials => "no puede llevar usuario ni contraseña",
        Unfit::NoUrl | Unfit::Scheme => "debe comenzar con https:// o http://",
    }
}

/// A list of texts, or one text with commas.
fn events(fields: &mut Fields) -> Option<Vec<String>> {
    let split =
        |text: &str| text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    match fields.take("events")? {
        Value::String(text) => Some(split(&text)),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            Some(items.iter().filter_map(Value::as_str).map(|name| name.trim().to_owned()).collect())
        }
        _ => {
            fields.complain("events", "El campo events debe ser una lista de nombres de eventos.");
            None
        }
    }
}

fn refusal(error: SubscriptionError) -> Error {
    match error {
        SubscriptionError::Missing => MISSING,
        SubscriptionError::NoCompany => Error::NotFound("La empresa indicada no existe."),
        SubscriptionError::Invalid(field, why) => Error::Invalid(INVALID, [(field.to_owned(), vec![why])].into()),
        SubscriptionError::Store(error) => error.into(),
    }
}
