//! What the document says of every route of the family.

use serde_json::{Value, json};
use utoipa::openapi::{ContentBuilder, RefOr, ResponseBuilder, path::Operation, security::SecurityRequirement};
use utoipa_axum::router::OpenApiRouter;

use crate::http::Api;

/// Adds the refusals that any of these routes may answer with, and the credentials that they ask for.
pub(in crate::http) fn describe(mut router: OpenApiRouter<Api>) -> OpenApiRouter<Api> {
    for item in router.get_openapi_mut().paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post, &mut item.patch].into_iter().flatten() {
            complete(operation);
        }
    }
    router
}

fn complete(operation: &mut Operation) {
    for (status, description, example) in refusals() {
        let content = ContentBuilder::new().example(Some(example)).build();
        let response = ResponseBuilder::new().description(description).content("application/json", content).build();
        operation.responses.responses.entry(status.to_owned()).or_insert(RefOr::T(response));
    }
    let credentials = SecurityRequirement::new("clientKey", [""; 0]).add("clientSecret", [""; 0]);
    operation.security.get_or_insert_with(|| vec![credentials]);
}

fn refusals() -> [(&'static str, &'static str, Value); 12] {
    let plain = |code: u16, message: &str| json!({"data": null, "status": "error", "message": message, "code": code});
    let fields = json!({
        "data": {"errors": {"id_chat": ["El campo id_chat es obligatorio."]}},
        "status": "error", "message": "Validacion fallida.", "code": 422, "id_bitacora_log": 736_014,
    });
    [
        ("400", "The request cannot be read.", plain(400, "El cuerpo no es JSON válido (línea 1, columna 1).")),
        ("401", "The credentials are missing or wrong.", json!({"message": "Unauthenticated."})),
        ("403", "The caller's role may not.", plain(403, "No tiene permisos para esta acción.")),
        ("404", "`id_company` is not the caller's company.", plain(404, "La empresa indicada no existe.")),
        (
            "409",
            "The Idempotency-Key was used for another request, or its first call is not yet done.",
            plain(409, "La Idempotency-Key ya se usó con otra solicitud."),
        ),
        ("413", "The body is too large.", plain(413, "El cuerpo de la solicitud supera el máximo.")),
        ("415", "The body is no JSON.", plain(415, "El cuerpo debe ser JSON (Content-Type: application/json).")),
        ("422", "Everything that is wrong with the request, by field.", fields),
        ("429", "This client key failed too often; see Retry-After.", plain(429, "Demasiados intentos fallidos.")),
        ("500", "A defect.", plain(500, "Ocurrió un error interno.")),
        ("502", "The platform did not do what it was asked.", plain(502, "No hay conexión con la plataforma.")),
        ("503", "Nothing was done; worth another try: see Retry-After.", plain(503, "Servicio no disponible.")),
    ]
}
