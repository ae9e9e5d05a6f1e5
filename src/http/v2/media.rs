//! A message's file, where PC's `media` points.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use tokio_util::io::ReaderStream;
use utoipa::ToSchema;

use crate::{
    desk::tickets as desk,
    http::{
        Api,
        access::Company,
        error::{Error, ErrorBody},
        extract::Segment,
    },
    store::messages::AttachmentRow,
};

/// Any bytes.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "only describes what a handler streams")]
struct File(Vec<u8>);

const MISSING: Error = Error::NotFound("Media not found");

/// A message's file. It was sent by a stranger: it comes as a download that no browser runs.
#[utoipa::path(
    get, path = "/v2/media/{media_id}/", tag = "tickets",
    params(("media_id" = String, Path, description = "As in a message's `media`.")),
    responses(
        (status = 200, body = File, content_type = "application/octet-stream", description = "The bytes, under the type that their sender states, with his file name in Content-Disposition."),
        (status = 404, body = ErrorBody, description = "`Media not found`: there is none of this id, it belongs to another company, its bytes are not stored (yet), or its message was deleted."),
    )
)]
pub(super) async fn media(
    State(api): State<Api>,
    Company(company): Company,
    Segment(id): Segment,
) -> Result<Response, Error> {
    let found = desk::file(&mut api.0.db.read().await?, company, &id).await?.ok_or(MISSING)?;
    let file = match api.0.blobs.open(found.sha256.as_deref().unwrap_or_default()).await {
        Ok(file) => file,
        Err(error) => {
            tracing::error!(attachment = found.id, %error, "a stored file cannot be opened");
            return Err(if error.kind() == std::io::ErrorKind::NotFound { MISSING } else { Error::Unavailable });
        }
    };
    let length = file.metadata().await.ok().map(|metadata| HeaderValue::from(metadata.len()));
    let mut response = (headers(&found), Body::from_stream(ReaderStream::new(file))).into_response();
    if let Some(length) = length {
        response.headers_mut().insert(header::CONTENT_LENGTH, length);
    }
    Ok(response)
}

fn headers(file: &AttachmentRow) -> [(HeaderName, HeaderValue); 4] {
    let octets = HeaderValue::from_static("application/octet-stream");
    let form = file.mime.as_deref().and_then(|mime| HeaderValue::from_str(mime).ok()).unwrap_or(octets);
    [
        (header::CONTENT_TYPE, form),
        (header::CONTENT_DISPOSITION, disposition(file.file_name.as_deref())),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ]
}

/// `attachment`, with the customer's file name in the form of RFC 8187.
fn disposition(name: Option<&str>) -> HeaderValue {
    let plain = HeaderValue::from_static("attachment");
    let Some(name) = name else { return plain };
    let encoded: String = name
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{encoded}")).unwrap_or(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p9_a_customers_file_name_is_only_ever_a_harmless_header() {
        assert_eq!(disposition(None), "attachment");
        assert_eq!(disposition(Some("año \"1\"\r\n.pdf")), "attachment; filename*=UTF-8''a%C3%B1o%20%221%22%0D%0A.pdf");
        assert_eq!(disposition(Some("../../x")), "attachment; filename*=UTF-8''..%2F..%2Fx");
    }
}
