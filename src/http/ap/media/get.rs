//! AP "Obtener archivo WAP" and "Obtener archivo multimedia de Telegram". The seed asks for no credentials; here it is
//! either these or a link that we signed: files are customers' (P9).

use axum::{
    Extension, Json,
    extract::{FromRequest, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::link;
use crate::{
    desk::tickets,
    http::{
        Api,
        ap::{Error, Fields, sending::invalid},
        audit::Who,
        error::Error as PlainError,
        files,
    },
    store::{chats, messages::AttachmentRow},
};

/// Any bytes.
#[derive(ToSchema)]
#[schema(as = ApFileBytes, value_type = String, format = Binary)]
#[expect(dead_code, reason = "only describes what a handler streams")]
struct Bytes(Vec<u8>);

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// A file's id, with or without an extension, as in the messages' `files`.
    #[param(required, nullable = false, example = "0192f0c1-7a3b-7c00-8000-0123456789ab.jpg")]
    filename: Option<String>,
    /// Of a signed link: seconds since 1970 after which it leads nowhere.
    expires: Option<i64>,
    /// Of a signed link.
    signature: Option<String>,
    /// For a super-admin, who belongs to no company.
    id_company: Option<i64>,
}

impl FromRequest<Api> for Wanted {
    type Rejection = Error;

    async fn from_request(request: Request, _: &Api) -> Result<Self, Error> {
        let mut fields = Fields::of_anybody(request).await?;
        Ok(Self {
            filename: fields.text("filename"),
            expires: fields.int("expires"),
            signature: fields.text("signature"),
            id_company: fields.int("id_company"),
        })
    }
}

/// A file of a message, for whoever has credentials of its company or a signed link to it. The same names are read
/// from a JSON body, too.
#[utoipa::path(
    get, path = "/api/meta/getMediaFile", tag = "media", operation_id = "ap_meta_media",
    params(Wanted, ("Range" = Option<String>, Header, description = "A single range of bytes (`bytes=0-1023`).")),
    responses(
        (status = 200, body = Bytes, content_type = "application/octet-stream", description = "The bytes; under the type that they were found to be if no browser runs it."),
        (status = 206, body = Bytes, content_type = "application/octet-stream", description = "The part that `Range` asks for."),
        (status = 400, description = "`Archivo no encontrado`: there is none of this name for this caller.", content_type = "application/json"),
        (status = 416, description = "`Range` lies outside the file."),
    )
)]
pub(super) async fn meta(
    State(api): State<Api>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    wanted: Wanted,
) -> Result<Response, Error> {
    let missing = || {
        let body = Json(json!({"status": "error", "message": "Archivo no encontrado"}));
        (StatusCode::BAD_REQUEST, body).into_response()
    };
    match find(&api, &who, &headers, &wanted).await? {
        Some(file) => Ok(answer(&api, &file, &headers).await?.unwrap_or_else(missing)),
        None => Ok(missing()),
    }
}

/// The same, with Telegram's refusals.
#[utoipa::path(
    get, path = "/api/telegram/getMediaFile", tag = "media", operation_id = "ap_telegram_media",
    params(Wanted, ("Range" = Option<String>, Header, description = "A single range of bytes (`bytes=0-1023`).")),
    responses(
        (status = 200, body = Bytes, content_type = "application/octet-stream", description = "The bytes; under the type that they were found to be if no browser runs it."),
        (status = 206, body = Bytes, content_type = "application/octet-stream", description = "The part that `Range` asks for."),
        (status = 416, description = "`Range` lies outside the file."),
    )
)]
pub(super) async fn telegram(
    State(api): State<Api>,
    Extension(who): Extension<Who>,
    headers: HeaderMap,
    wanted: Wanted,
) -> Result<Response, Error> {
    if wanted.filename.is_none() {
        authenticate(&api, &who, &headers).await?;
        return Err(invalid("filename", "El campo filename es requerido."));
    }
    let missing = || invalid("filename", "El archivo no se encuentra registrado.");
    let file = find(&api, &who, &headers, &wanted).await?.ok_or_else(missing)?;
    answer(&api, &file, &headers).await?.ok_or_else(missing)
}

/// The file, if the caller may have it.
async fn find(api: &Api, who: &Who, headers: &HeaderMap, wanted: &Wanted) -> Result<Option<AttachmentRow>, Error> {
    let id = link::key_of(wanted.filename.as_deref().unwrap_or_default());
    if let (Some(id), Some(expires), Some(signature)) = (&id, wanted.expires, &wanted.signature)
        && link::holds(&api.0.key, id, expires, signature, api.0.clock.now())
    {
        return Ok(chats::file(&mut api.0.db.read().await?, id).await?);
    }
    let company = authenticate(api, who, headers).await?.or(wanted.id_company);
    match (id, company) {
        (Some(id), Some(company)) => Ok(tickets::file(&mut api.0.db.read().await?, company, &id).await?),
        _ => Ok(None),
    }
}

/// The company of the caller, or `None` for a super-admin.
async fn authenticate(api: &Api, who: &Who, headers: &HeaderMap) -> Result<Option<i64>, Error> {
    let caller = api.0.access.authenticate(headers).await.map_err(PlainError::from)?;
    who.is(caller);
    Ok(caller.company)
}

/// `None` if its bytes are gone.
async fn answer(api: &Api, file: &AttachmentRow, headers: &HeaderMap) -> Result<Option<Response>, Error> {
    match files::respond(&api.0.blobs, file, headers).await {
        Ok(response) => Ok(Some(response)),
        Err(PlainError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
