//! A call that may carry one picture: as a part of a form, or in base64. It is small, so it is read whole, and stored
//! only when nothing is wrong with the call.

use axum::{
    body::{Body, to_bytes},
    extract::{FromRequest, Multipart, Request},
};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;
use relevo_adapters::Blob;
use serde_json::{Map, Value};

use crate::{
    admission::is_too_large,
    desk::users::Picture,
    http::{
        Api,
        ap::{Asked, Error, Fields, upload::is_form},
        error::Error as PlainError,
    },
    media::{MIB, sniff},
};

/// The largest body, bytes: a picture of the largest size is 2.7 MiB in base64.
pub(super) const BODY: usize = 4 << 20;
/// The largest picture, bytes.
const PICTURE: u64 = 2 * MIB;
const TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "image/avif"];
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A call, and the picture that it carries.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) asked: Asked<BODY>,
    part: Option<Bytes>,
}

impl FromRequest<Api> for Form {
    type Rejection = Error;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Error> {
        match is_form(request.headers()) {
            false => Ok(Self { asked: Asked::from_request(request, api).await?, part: None }),
            true => from_form(request, api).await,
        }
    }
}

async fn from_form(request: Request, api: &Api) -> Result<Form, Error> {
    let (parts, body) = request.into_parts();
    let place = Asked::<BODY>::enter(&parts, api)?;
    let bytes = to_bytes(body, BODY).await.map_err(|error| match is_too_large(&error) {
        true => Error::TooLarge(BODY),
        false => broken(),
    })?;
    let request = Request::from_parts(parts.clone(), Body::from(bytes));
    let mut form = Multipart::from_request(request, api).await.map_err(|_| broken())?;
    let (mut values, mut picture) = (Map::new(), None);
    while let Some(part) = form.next_field().await.map_err(|_| broken())? {
        let name = part.name().unwrap_or_default().to_owned();
        match part.file_name() {
            None => _ = values.insert(name, Value::String(part.text().await.map_err(|_| broken())?)),
            // A form's empty file is none.
            Some(_) => picture = Some(part.bytes().await.map_err(|_| broken())?).filter(|bytes| !bytes.is_empty()),
        }
    }
    // Every try has another boundary: the same call is known by what it says.
    let hash = picture.clone().map(|bytes| Blob::new(bytes).sha256);
    let said = Bytes::from(serde_json::json!([values, hash]).to_string());
    Ok(Form { asked: Asked::of(&parts, api, values.into(), &said, place)?, part: picture })
}

fn broken() -> Error {
    Error::Bad("El formulario llegó incompleto o no se puede leer.".to_owned())
}

/// A picture that is to be stored.
#[derive(Debug)]
pub(super) struct Draft {
    blob: Blob,
    mime: String,
}

impl Draft {
    /// # Errors
    /// 503 if it cannot be stored now.
    pub(super) async fn store(self, api: &Api) -> Result<Picture, Error> {
        if let Err(error) = api.0.blobs.put(&self.blob).await {
            tracing::error!(%error, "a person's picture cannot be stored");
            return Err(PlainError::Unavailable.into());
        }
        Ok(Picture { sha256: self.blob.sha256, mime: self.mime })
    }
}

impl Form {
    /// The call's picture: the form's part, or the field `pic` in base64. What is wrong with it is noted.
    pub(super) fn picture(&mut self) -> Option<Draft> {
        let fields = &mut self.asked.fields;
        let bytes = match self.part.take() {
            Some(bytes) => bytes,
            None => in_base64(fields)?,
        };
        let mime = sniff(&bytes, None, None).mime;
        if bytes.len() as u64 > PICTURE {
            fields.complain("pic", "La imagen no debe superar 2 MB.");
        } else if !TYPES.contains(&mime.as_str()) {
            fields.complain("pic", "La imagen debe ser jpg, jpeg, png, webp o avif.");
        } else {
            return Some(Draft { blob: Blob::new(bytes), mime });
        }
        None
    }
}

fn in_base64(fields: &mut Fields) -> Option<Bytes> {
    if !fields.is_given("pic") {
        return None;
    }
    let text = fields.verbatim("pic").map(|text| text.trim_matches('"').to_owned())?;
    let data = match text.split_once(',') {
        Some((head, data)) if head.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) => data,
        _ => &text,
    };
    let data: String = data.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    match LENIENT.decode(data).ok().filter(|bytes| !bytes.is_empty()) {
        Some(bytes) => Some(bytes.into()),
        None => {
            fields.complain("pic", super::picture::NO_PICTURE);
            None
        }
    }
}
