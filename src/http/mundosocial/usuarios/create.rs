//! MS "Usuarios › Crear".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{NAMES, refusal};
use crate::{
    desk::users,
    http::{
        Api,
        ap::{Answer, Asked, Error, person::Given, required, sending::INVALID},
        idempotency::{Keeper, guarded},
    },
};

#[derive(Debug, ToSchema)]
#[schema(as = MsUsuarioCrearRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// Nobody else of the company may have it.
    #[schema(examples("daniel.bustos@prueba.com"))]
    usua_mail: String,
    /// At most 200 characters.
    #[schema(examples("Daniel Bustos"))]
    usua_nombre: String,
    /// `admin`, `operator` or `agent`: see `usuario/roles`.
    #[schema(examples("agent"))]
    usua_rol: String,
    /// 8 to 128 characters; without one the person cannot log in yet.
    usua_clave: Option<String>,
    usua_codigo: Option<String>,
    usua_fono: Option<String>,
    /// Tickets that the person may own at once; 5 unless said otherwise.
    usua_capacidad: Option<i64>,
    /// `S` (unless said otherwise): may work.
    usua_activo: Option<bool>,
    /// One of the company's departments.
    depa_id: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsUsuarioCreado)]
pub(super) struct Creado {
    #[schema(examples(15))]
    usua_id: i64,
}

/// Adds a person. For admins.
#[utoipa::path(
    post, path = "/api/mundosocial/usuario", tag = "mundosocial", operation_id = "ms_usuario_crear",
    request_body = Body,
    responses((status = 200, body = Creado))
)]
pub(super) async fn crear(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    if !asked.caller.manages_people() {
        return Err(Error::Forbidden);
    }
    let company = asked.company(&api, "id_company").await?;
    let fields = &mut asked.fields;
    let given = Given::read(fields, &NAMES);
    for name in [NAMES.email, NAMES.name, NAMES.role] {
        if !fields.is_given(name) {
            fields.missing(name, &required(name));
        }
    }
    fields.check(INVALID)?;
    guarded(&api, &asked, async |keeper: Keeper<'_>| {
        let new = given.new_user(&api, company).await?;
        let mut tx = api.0.db.write().await?;
        let user = users::add(&mut tx, &api.0.clock, new).await.map_err(refusal)?;
        let answer = Answer::ok("ok").with(Creado { usua_id: user.id });
        keeper.keep(&mut tx, &answer).await?;
        tx.commit().await?;
        Ok(answer)
    })
    .await
}
