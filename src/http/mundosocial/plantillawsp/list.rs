//! MS "Plantilla Wsp › Get".

use axum::extract::State;
use relevo_adapters::outbound::Template;
use serde::Serialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::channel;
use crate::http::{
    Api,
    ap::{Answer, Asked, Error, sending::INVALID},
};

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
pub(super) struct Query {
    /// The channel's id or uuid; `whatsapp_channel` says the same.
    #[param(example = "12")]
    cuen_id: String,
    /// `S`: those that are not approved, too.
    todas: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsPlantillas)]
pub(super) struct Plantillas {
    cuen_id: i64,
    plantillas: Vec<Plantilla>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsPlantilla)]
pub(super) struct Plantilla {
    plan_id: String,
    plan_nombre: String,
    plan_idioma: String,
    /// `APPROVED`, `PENDING`, `REJECTED`, `PAUSED` …
    plan_estado: String,
    plan_categoria: String,
    /// The body with its places (`{{1}}`).
    plan_texto: String,
    /// How many places the body has.
    plan_parametros: usize,
    /// The platform's own words.
    plan_componentes: Value,
}

/// The approved templates of a channel, as its platform lists them; an answer may be five minutes old.
#[utoipa::path(
    get, path = "/api/mundosocial/plantillawsp", tag = "mundosocial", operation_id = "ms_plantillawsp",
    params(Query),
    responses((status = 200, body = Plantillas))
)]
pub(super) async fn list(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let all = fields.flag("todas").unwrap_or_default();
    let open = channel(&api, fields, company).await?;
    fields.check(INVALID)?;
    let outlet = open.as_ref().and_then(|open| Some((open, open.channel.outlet()?)));
    let Some((open, outlet)) = outlet else { return Err(Error::Invalid(INVALID, Default::default())) };
    let (key, now) = ((open.id, open.version), api.0.clock.now());
    let templates = match api.0.templates.get(key, now) {
        Some(templates) => templates,
        None => match outlet.templates(&*api.0.io).await {
            Ok(templates) => api.0.templates.put(key, templates, now),
            Err(error) => {
                tracing::warn!(channel = open.id, %error, "the templates cannot be listed");
                return Err(Error::Platform(error.reason.es.to_owned()));
            }
        },
    };
    let wanted = templates.iter().filter(|template| all || template.status.eq_ignore_ascii_case("approved"));
    Ok(Answer::ok("ok").with(Plantillas { cuen_id: open.id, plantillas: wanted.map(Plantilla::of).collect() }))
}

impl Plantilla {
    fn of(template: &Template) -> Self {
        let Template { id, name, language, status, category, body, parameters, components } = template.clone();
        Self {
            plan_id: id,
            plan_nombre: name,
            plan_idioma: language,
            plan_estado: status,
            plan_categoria: category,
            plan_texto: body,
            plan_parametros: parameters,
            plan_componentes: components,
        }
    }
}
