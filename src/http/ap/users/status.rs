//! AP "Actualizar estado de usuario".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{NAMES, id_of};
use crate::{
    desk::users::{self, UserError},
    http::{
        Api,
        ap::{Answer, Asked, Envelope, Error, NO_DATA, person, sending::INVALID},
        extract::Segment,
    },
    store::Tx,
};

const MISSING: Error = Error::NotFoundWith("El usuario especificado no existe.", NO_DATA);
const STATES: &str = "El estado debe ser 0 (Inactivo) o 1 (Activo).";

#[derive(Debug, ToSchema)]
#[schema(as = ApUserStatusRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// The person, unless the path names it; counts more than the path.
    #[schema(examples(15))]
    id_user: Option<i64>,
    /// 1 active, 0 inactive.
    #[schema(examples(0))]
    status: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApUserStatus)]
pub(super) struct Status {
    #[schema(examples(15))]
    id_user: i64,
    #[schema(examples(0))]
    status: i64,
}

/// Activates or deactivates a person. Whoever is inactive cannot log in, and is not logged in any more. For admins.
#[utoipa::path(
    patch, path = "/api/users/status/{id}", tag = "users", operation_id = "ap_users_status",
    params(("id" = i64, Path, description = "The person, unless `id_user` is given.", example = 15)),
    request_body = Body,
    responses((status = 200, body = Envelope<Status>, description = "The state as it is now."))
)]
pub(super) async fn of_path(State(api): State<Api>, Segment(id): Segment, asked: Asked) -> Result<Answer, Error> {
    set(&api, Some(id_of(&id)), asked).await
}

/// The same, with the person in `id_user`.
#[utoipa::path(
    patch, path = "/api/users/status", tag = "users", operation_id = "ap_users_status_by_body",
    request_body = Body,
    responses((status = 200, body = Envelope<Status>, description = "The state as it is now."))
)]
pub(super) async fn of_body(State(api): State<Api>, asked: Asked) -> Result<Answer, Error> {
    set(&api, None, asked).await
}

async fn set(api: &Api, named: Option<i64>, mut asked: Asked) -> Result<Answer, Error> {
    if !asked.caller.manages_people() {
        return Err(Error::Forbidden);
    }
    let fields = &mut asked.fields;
    let id_user = match named {
        Some(named) => fields.int("id_user").unwrap_or(named),
        None => fields.need_int("id_user"),
    };
    let status = fields.need_int_or("status", STATES);
    if ![0, 1].contains(&status) && fields.is_fine("status") {
        fields.complain("status", STATES);
    }
    fields.check(INVALID)?;
    let work = async |tx: &mut Tx| {
        let done = users::set_active(tx, &api.0.clock, asked.caller.company, id_user, status == 1).await;
        done.map_err(|error| match error {
            UserError::NoUser => MISSING,
            error => person::refusal(error, &NAMES),
        })
    };
    let changed = api.0.db.transact(work).await?;
    let message = match changed {
        Some(routed) => {
            if routed.jobs > 0 {
                api.0.bell.ring();
            }
            "Estado actualizado correctamente."
        }
        None => "Sin cambios: el usuario ya estaba en ese estado.",
    };
    Ok(Answer::ok(message).with(Status { id_user, status }))
}
