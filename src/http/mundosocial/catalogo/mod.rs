//! What operators configure around tickets: MS "Canal Grupo", "Cuentas Internas", "Departamento", "FAQ", "Grupos", "Grupo
//! Usuario", "Horarios", "Publicaciones" and "Respuestas Rápidas". Every role reads; agents change nothing.

mod canalgrupo;
mod cuenta;
mod departamento;
mod faq;
mod faq_alternativa;
mod grupo;
mod grupousuario;
mod horario;
mod publicacion;
mod respuestarapida;

use axum::middleware::from_fn;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    desk::catalogue::{CatalogueError, Thing},
    http::{
        Api,
        ap::{Answer, Asked, Error, Fields, arranges, sending::INVALID},
        idempotency::once,
        route_again,
    },
    store::Tx,
};

pub(super) fn router() -> OpenApiRouter<Api> {
    let reading = OpenApiRouter::default()
        .merge(canalgrupo::reading())
        .merge(cuenta::reading())
        .merge(departamento::reading())
        .merge(faq::reading())
        .merge(faq_alternativa::reading())
        .merge(grupo::reading())
        .merge(grupousuario::reading())
        .merge(horario::reading())
        .merge(publicacion::reading())
        .merge(respuestarapida::reading());
    let writing = OpenApiRouter::default()
        .merge(canalgrupo::writing())
        .merge(grupo::writing())
        .merge(grupousuario::writing())
        .merge(horario::writing())
        .merge(cuenta::writing())
        .merge(departamento::writing())
        .merge(faq::writing())
        .merge(faq_alternativa::writing())
        .merge(publicacion::writing())
        .merge(respuestarapida::writing());
    reading.merge(writing.route_layer(from_fn(arranges)))
}

/// [`once`], for what decides where a company's tickets go: when it is changed, what waits is looked at again.
async fn rerouting(
    api: &Api,
    asked: &Asked,
    company: i64,
    work: impl AsyncFnOnce(&mut Tx) -> Result<Answer, Error> + Clone,
) -> Result<Answer, Error> {
    let answer = once(api, asked, work).await?;
    route_again(api, company).await;
    Ok(answer)
}

/// It was done; there is nothing more to say.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsHecho)]
struct Hecho {
    #[schema(examples("ok"))]
    mensaje: &'static str,
}

/// The field by which a thing is named here.
fn field(thing: Thing) -> &'static str {
    match thing {
        Thing::Group => "grup_id",
        Thing::Destination => "grup_id_destino",
        Thing::Department => "depa_id",
        Thing::Channel => "cuen_id",
        Thing::User => "usua_id",
        Thing::Link => "cagr_id",
        Thing::Faq => "faq_id",
        Thing::Alternative => "faal_id",
        Thing::QuickReply => "rera_id",
        Thing::Publication => "publ_id",
    }
}

/// Why the desk did not do it, in this family's words.
fn refused(error: CatalogueError) -> Error {
    let mut fields = Fields::default();
    match error {
        CatalogueError::Store(error) => return error.into(),
        CatalogueError::Taken(why) => return Error::Conflict(why, None),
        CatalogueError::Missing(things) => complain_missing(&mut fields, things),
        CatalogueError::Wrong(all, missing) => {
            all.into_iter().for_each(|(part, why)| fields.complain(&format!("{part:?}"), why));
            complain_missing(&mut fields, missing);
        }
    }
    fields.check(INVALID).err().unwrap_or(Error::Invalid(INVALID, Default::default()))
}

fn complain_missing(fields: &mut Fields, things: Vec<Thing>) {
    for thing in things {
        let (name, or) = (field(thing), if thing == Thing::Destination { " o está inactivo" } else { "" });
        fields.complain(name, format!("El {name} no se encuentra registrado{or}."));
    }
}

/// What a field names is not there.
fn unknown(thing: Thing) -> Error {
    refused(CatalogueError::Missing(vec![thing]))
}

/// A field that takes a value away when it is there and says nothing.
fn clearable<T>(
    fields: &mut Fields,
    name: &str,
    read: impl FnOnce(&mut Fields, &str) -> Option<T>,
) -> Option<Option<T>> {
    fields.is_named(name).then(|| read(fields, name))
}

/// What people wrote, as they wrote it; nothing if it is blank.
fn prose(fields: &mut Fields, name: &str) -> Option<String> {
    fields.verbatim(name).filter(|text| !text.trim().is_empty())
}

/// What people wrote, which must be there.
fn need_prose(fields: &mut Fields, name: &str) -> String {
    let text = prose(fields, name);
    if text.is_none() && fields.is_fine(name) {
        fields.missing(name, &crate::http::ap::required(name));
    }
    text.unwrap_or_default()
}

/// An id that must be there.
fn need_id(fields: &mut Fields, thing: Thing) -> i64 {
    fields.need_int(field(thing))
}

/// A list of numbers; also one number, or several with commas between them.
fn numbers(fields: &mut Fields, name: &str, most: usize) -> Option<Vec<i64>> {
    use serde_json::Value;
    let items = match fields.take(name)? {
        Value::Array(items) => items,
        Value::String(text) => text.split(',').map(|part| Value::from(part.trim())).collect(),
        other => vec![other],
    };
    let number = |item: &Value| item.as_i64().or_else(|| item.as_str()?.trim().parse().ok());
    let read: Option<Vec<i64>> = items.iter().map(number).collect();
    match read.filter(|read| read.len() <= most) {
        Some(read) => Some(read),
        None => {
            fields.complain(name, format!("El campo {name} debe ser una lista de hasta {most} números enteros."));
            None
        }
    }
}
