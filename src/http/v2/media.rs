//! A message's file, for callers with credentials; PC's `media` is a link that needs none.

use axum::{extract::State, http::HeaderMap, response::Response};
use utoipa::ToSchema;

use crate::{
    desk::tickets as desk,
    http::{
        Api,
        access::Company,
        error::{Error, ErrorBody},
        extract::Segment,
        files,
    },
};

/// Any bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only describes what a handler streams")]
struct File(Vec<u8>);

const MISSING: Error = Error::NotFound("Media not found");

/// A message's file. It was sent by a stranger: pictures, sound, moving pictures and PDF come under their own type,
/// everything else as a download that no browser runs.
#[utoipa::path(
    get, path = "/v2/media/{media_id}/", tag = "tickets",
    params(
        ("media_id" = String, Path, description = "A file's id, as in the `filename` of a message's `media`."),
        ("Range" = Option<String>, Header, description = "A single range of bytes (`bytes=0-1023`)."),
    ),
    responses(
        (status = 200, body = File, content_type = "application/octet-stream", description = "The bytes, with their sender's file name in Content-Disposition; under the type that they were found to be if no browser runs it."),
        (status = 206, body = File, content_type = "application/octet-stream", description = "The part that `Range` asks for."),
        (status = 404, body = ErrorBody, description = "`Media not found`: there is none of this id, it belongs to another company, its bytes are not stored (yet), or its message was deleted."),
        (status = 416, description = "`Range` lies outside the file; Content-Range says how long it is."),
    )
)]
pub(super) async fn media(
    State(api): State<Api>,
    Company(company): Company,
    Segment(id): Segment,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let found = desk::file(&mut api.0.db.read().await?, company, &id).await?.ok_or(MISSING)?;
    files::respond(&api.0.blobs, &found, &headers).await
}
