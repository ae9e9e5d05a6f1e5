//! MS "Clientes › Crear Cliente".

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{super::acting, buscar::Cliente};
use crate::{
    desk::customers::{self, CustomerError, NewCustomer},
    http::{
        Api,
        ap::{
            Answer, Asked, Error, Fields,
            sending::{INVALID, invalid},
        },
        idempotency::once,
    },
};

#[derive(Debug, ToSchema)]
#[schema(as = MsClienteRequest)]
#[expect(dead_code, reason = "describes the body, which is read field by field")]
pub(super) struct Body {
    /// A number of another country is taken as it is.
    #[schema(examples("123456785"))]
    clie_rut: String,
    #[schema(examples("Nombre Ejemplo"))]
    clie_nombre: String,
    #[schema(examples("Apellido"))]
    clie_apellido1: String,
    #[schema(examples("Apellido"))]
    clie_apellido2: String,
    #[schema(examples("900000002"))]
    clie_telefono: String,
    #[schema(examples("Pendiente"))]
    clie_telefono2: Option<String>,
    #[schema(examples("H"))]
    clie_genero: String,
    #[schema(examples("Pendiente"))]
    clie_avatar: Option<String>,
    ticl_id_tipos_clientes: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MsClienteCreado)]
pub(super) struct Creado {
    #[schema(examples(75))]
    clie_id: i64,
    cliente: Cliente,
}

/// Adds a customer. A RUT that a customer has is refused, and the customer's `clie_id` is named. With `Idempotency-Key`
/// a repeated call has no second effect.
#[utoipa::path(
    post, path = "/api/mundosocial/cliente", tag = "mundosocial", operation_id = "ms_cliente_crear",
    request_body = Body,
    responses((status = 200, body = Creado))
)]
pub(super) async fn crear(State(api): State<Api>, mut asked: Asked) -> Result<Answer, Error> {
    let company = asked.company(&api, "id_company").await?;
    let new = read(&mut asked.fields);
    asked.fields.check(INVALID)?;
    once(&api, &asked, async |tx| {
        let added = customers::add(tx, &api.0.clock, company, new.clone()).await.map_err(refusal)?;
        Ok(Answer::ok("ok").with(Creado { clie_id: added.number, cliente: added.into() }))
    })
    .await
}

fn read(fields: &mut Fields) -> NewCustomer {
    let new = NewCustomer {
        country_id: fields.need_text("clie_rut"),
        given_name: fields.need_text("clie_nombre"),
        family_name: fields.need_text("clie_apellido1"),
        family_name2: fields.need_text("clie_apellido2"),
        phone: fields.need_text("clie_telefono"),
        phone2: fields.text("clie_telefono2"),
        gender: fields.need_text("clie_genero"),
        avatar: fields.text("clie_avatar"),
        kind: fields.int("ticl_id_tipos_clientes"),
    };
    if !new.country_id.is_empty() && !new.country_id.chars().any(char::is_alphanumeric) {
        fields.complain("clie_rut", "El campo clie_rut debe contener letras o dígitos.");
    }
    new
}

/// What the desk refuses, in the family's form.
pub(in crate::http::mundosocial) fn refusal(error: CustomerError) -> Error {
    match error {
        CustomerError::Store(error) => error.into(),
        CustomerError::Ticket(error) => acting::refusal(error),
        CustomerError::Known(number) => {
            invalid("clie_rut", format!("El clie_rut ya pertenece al cliente con clie_id {number}."))
        }
        CustomerError::Taken(number) => invalid(
            "cacl_identificador",
            format!(
                "El cacl_identificador pertenece al cliente con clie_id {number}; envíe mover \"S\" para unir ambos \
                 clientes."
            ),
        ),
        CustomerError::Another(number) => invalid(
            "cacl_identificador",
            format!("El cliente con clie_id {number} tiene otro RUT: los clientes no se pueden unir."),
        ),
    }
}
