//! MS "Usuarios › Update" and "Delete".

use axum::extract::State;
use utoipa::ToSchema;

use super::{ID, NAMES, find, refusal};
use crate::{
    desk::users::{self, Change},
    http::{
        Api,
        ap::{Answer, Asked, Error, person::Given, sending::INVALID},
    },
    store::Tx,
};

#[derive(Debug, ToSchema)]
#[schema(as = MsUsuarioUpdateRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    #[schema(examples(15))]
    usua_id: i64,
    usua_mail: Option<String>,
    #[schema(examples("Daniel Bustos"))]
    usua_nombre: Option<String>,
    /// Whoever has another role has to log in anew.
    usua_rol: Option<String>,
    /// So has who has another password.
    usua_clave: Option<String>,
    /// `null` takes it away; so it does with the phone and the department.
    usua_codigo: Option<String>,
    usua_fono: Option<String>,
    usua_capacidad: Option<i64>,
    usua_activo: Option<bool>,
    depa_id: Option<i64>,
    /// The password until now: needed from a person who changes its own.
    current_password: Option<String>,
}

#[derive(Debug, ToSchema)]
#[schema(as = MsUsuarioDeleteRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct DeleteBody {
    #[schema(examples(15))]
    usua_id: i64,
}

/// Only that it was done.
#[derive(Debug, ToSchema)]
#[schema(as = MsOk)]
#[expect(dead_code, reason = "only describes an answer")]
pub(super) struct Done {
    #[schema(examples("ok"))]
    mensaje: String,
}

/// Changes what is given of a person. For admins; and for everybody of themselves: name, phone and password. With
/// `Idempotency-Key` or without, the same call again changes nothing more.
#[utoipa::path(
    post, path = "/api/mundosocial/usuario/update", tag = "mundosocial", operation_id = "ms_usuario_update",
    request_body = Body,
    responses((status = 200, body = Done))
)]
pub(super) async fn update(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let caller = asked.caller;
    let fields = &mut asked.fields;
    let mut given = Given::read(fields, &NAMES);
    given.read_cleared(fields, &NAMES);
    let id = fields.need_int(ID);
    given.allowed(caller, id)?;
    if caller.user == Some(id) {
        given.confirm_own(&api, caller, fields).await?;
    }
    fields.check(INVALID)?;
    find(&api, &asked, id).await?;
    let change = given.change(&api).await?;
    apply(&api, &asked, id, change).await
}

/// Deactivates a person: it cannot log in any more and gets no tickets, and nothing of it is lost. For admins.
#[utoipa::path(
    post, path = "/api/mundosocial/usuario/delete", tag = "mundosocial", operation_id = "ms_usuario_delete",
    request_body = DeleteBody,
    responses((status = 200, body = Done))
)]
pub(super) async fn delete(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    if !asked.caller.manages_people() {
        return Err(Error::Forbidden);
    }
    let id = asked.fields.need_int(ID);
    asked.fields.check(INVALID)?;
    apply(&api, &asked, id, Change { active: Some(false), ..Change::default() }).await
}

async fn apply(api: &Api, asked: &Asked, id: i64, change: Change) -> Result<Answer, Error> {
    let work = async |tx: &mut Tx| {
        users::update(tx, &api.0.clock, asked.caller.company, id, change.clone()).await.map_err(refusal)
    };
    let (_, done) = api.0.db.transact(work).await?;
    if done.jobs > 0 {
        api.0.bell.ring();
    }
    Ok(Answer::ok("ok"))
}
