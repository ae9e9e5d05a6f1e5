//! MS "Grupo Usuario": who is in which group.

use std::collections::BTreeSet;

use axum::extract::State;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{field, grupo::Grupos, need_id, numbers, refused, rerouting, unknown};
use crate::{
    desk::catalogue::{
        Thing,
        members::{self, Named},
    },
    http::{
        Api,
        ap::{Answer, Asked, Error, Fields, required, sending::INVALID},
    },
    store::groups::{self, Member},
};

/// Groups of one person (P8).
const GROUPS: usize = 1_000;

pub(super) fn reading() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(grupousuario)).routes(routes!(usuarios))
}

pub(super) fn writing() -> OpenApiRouter<Api> {
    OpenApiRouter::default().routes(routes!(assign)).routes(routes!(delete))
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
struct Query {
    /// The person; `mail` says the same.
    usua_id: Option<i64>,
    mail: Option<String>,
}

/// The groups that a person is in, in order.
#[utoipa::path(
    get, path = "/api/mundosocial/grupousuario", tag = "mundosocial", operation_id = "ms_grupousuario",
    params(Query),
    responses((status = 200, body = Grupos))
)]
async fn grupousuario(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let named = named(&mut asked.fields);
    asked.fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    let user = members::person(&mut tx, company, &named).await.map_err(refused)?;
    Ok(Answer::ok("ok").with(Grupos::from(groups::of_user(&mut tx, company, user.id).await?)))
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query, which is read field by field")]
struct GroupQuery {
    #[param(example = 1)]
    grup_id: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsMiembro)]
struct Miembro {
    usua_id: i64,
    usua_nombre: String,
    usua_mail: String,
    usua_activo: bool,
}

impl From<Member> for Miembro {
    fn from(member: Member) -> Self {
        Self { usua_id: member.id, usua_nombre: member.name, usua_mail: member.email, usua_activo: member.active != 0 }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsMiembros)]
struct Miembros {
    usuarios: Vec<Miembro>,
}

/// The people who are in a group, by name.
#[utoipa::path(
    get, path = "/api/mundosocial/grupousuario/usuarios", tag = "mundosocial",
    operation_id = "ms_grupousuario_usuarios",
    params(GroupQuery),
    responses((status = 200, body = Miembros))
)]
async fn usuarios(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let group = need_id(&mut asked.fields, Thing::Group);
    asked.fields.check(INVALID)?;
    let mut tx = api.0.db.read().await?;
    if groups::find(&mut tx, company, group).await?.is_none() {
        return Err(unknown(Thing::Group));
    }
    let members = groups::members(&mut tx, company, group).await?;
    Ok(Answer::ok("ok").with(Miembros { usuarios: members.into_iter().map(Miembro::from).collect() }))
}

#[derive(Debug, ToSchema)]
#[schema(as = MsGrupoUsuarioRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct Body {
    /// The person; `mail` says the same.
    usua_id: Option<i64>,
    #[schema(examples("daniel.bustos@prueba.com"))]
    mail: Option<String>,
    /// Exactly these groups; `[]` is none.
    #[schema(examples(1))]
    grupos: Option<Vec<i64>>,
    /// Instead of `grupos`: one more group.
    grup_id: Option<i64>,
}

/// Puts a person into groups: exactly `grupos`, or one more, `grup_id`. Gives all that the person is in then.
#[utoipa::path(
    post, path = "/api/mundosocial/grupousuario", tag = "mundosocial", operation_id = "ms_grupousuario_assign",
    request_body = Body,
    responses((status = 200, body = Grupos))
)]
async fn assign(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let named = named(fields);
    let exactly = numbers(fields, "grupos", GROUPS).map(BTreeSet::from_iter);
    let more = fields.int(field(Thing::Group));
    if exactly.is_some() == more.is_some() && fields.is_fine("grupos") && fields.is_fine(field(Thing::Group)) {
        fields.complain("grupos", "Indique grupos o grup_id, uno de los dos.");
    }
    fields.check(INVALID)?;
    rerouting(&api, &asked, company, async |tx| {
        let groups = match (&exactly, more) {
            (Some(exactly), _) => members::assign(tx, company, &named, exactly).await,
            (None, more) => members::join(tx, company, &named, more.unwrap_or_default()).await,
        };
        Ok(Answer::ok("ok").with(Grupos::from(groups.map_err(refused)?)))
    })
    .await
}

#[derive(Debug, ToSchema)]
#[schema(as = MsGrupoUsuarioDeleteRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
struct DeleteBody {
    /// The person; `mail` says the same.
    usua_id: Option<i64>,
    #[schema(examples("daniel.bustos@prueba.com"))]
    mail: Option<String>,
    #[schema(examples(1))]
    grup_id: i64,
}

/// Takes a person out of a group; tickets in progress stay with the person. Gives the groups that are left.
#[utoipa::path(
    post, path = "/api/mundosocial/grupousuario/delete", tag = "mundosocial", operation_id = "ms_grupousuario_delete",
    request_body = DeleteBody,
    responses((status = 200, body = Grupos))
)]
async fn delete(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let named = named(&mut asked.fields);
    let group = need_id(&mut asked.fields, Thing::Group);
    asked.fields.check(INVALID)?;
    rerouting(&api, &asked, company, async |tx| {
        let groups = members::leave(tx, company, &named, group).await.map_err(refused)?;
        Ok(Answer::ok("ok").with(Grupos::from(groups)))
    })
    .await
}

/// The person that `usua_id` or `mail` names.
fn named(fields: &mut Fields) -> Named {
    let named = Named { id: fields.int(field(Thing::User)), email: fields.text("mail") };
    if named == Named::default() && fields.is_fine(field(Thing::User)) {
        fields.missing(field(Thing::User), &required(field(Thing::User)));
    }
    named
}
