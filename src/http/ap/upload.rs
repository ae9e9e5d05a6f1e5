//! Calls that carry files: base64 in their JSON, or parts of a form.

use axum::{
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request, multipart::MultipartError},
    http::{HeaderMap, StatusCode, header},
};
use bytes::Bytes;
use relevo_adapters::outbound::OutboundFile;
use serde_json::{Map, Value};

use super::{
    body::{Asked, Fields, unquoted},
    error::Error,
};
use crate::{
    http::{Api, error::Error as PlainError},
    media::{
        Blobs,
        inline::{self, Claims, FileError},
    },
};

/// The largest body of a call with files, bytes: 100 MiB of a file are 134 in base64.
pub(in crate::http) const UPLOAD: usize = 150 << 20;
/// Files of one call (P8).
pub(in crate::http) const MOST_FILES: usize = 10;

/// A call that may carry files.
#[derive(Debug)]
pub(in crate::http) struct Upload {
    pub(in crate::http) asked: Asked<UPLOAD>,
    /// The files that came as parts of a form, stored.
    files: Vec<OutboundFile>,
}

impl FromRequest<Api> for Upload {
    type Rejection = Error;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Error> {
        match is_form(request.headers()) {
            true => from_form(request, api).await,
            false => Ok(Self { asked: Asked::from_request(request, api).await?, files: Vec::new() }),
        }
    }
}

pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let form = headers.get(header::CONTENT_TYPE).and_then(|form| form.to_str().ok()).unwrap_or_default();
    form.trim_start().to_ascii_lowercase().starts_with("multipart/form-data")
}

async fn from_form(mut request: Request, api: &Api) -> Result<Upload, Error> {
    DefaultBodyLimit::max(UPLOAD).apply(&mut request);
    let (parts, body) = request.into_parts();
    let place = Asked::<UPLOAD>::enter(&parts, api)?;
    let form = Multipart::from_request(Request::from_parts(parts.clone(), body), api).await;
    let mut form = form.map_err(|_| Error::Bad("El formulario no se puede leer.".to_owned()))?;
    let (mut values, mut files, mut fields) = (Map::new(), Vec::new(), Fields::default());
    while let Some(part) = form.next_field().await.map_err(|error| broken(&error))? {
        let name = part.name().unwrap_or_default().trim_end_matches("[]").to_owned();
        match part.file_name() {
            None => _ = values.insert(name, Value::String(part.text().await.map_err(|error| broken(&error))?)),
            Some(_) if files.len() == MOST_FILES => fields.complain("file", too_many()),
            Some(_) => match inline::from_field(&api.0.blobs, part, Claims::default()).await {
                Ok(file) => files.push(file),
                Err(error) => fields.complain("file", complaint(error)?),
            },
        }
    }
    // Every try has another boundary: the same call is known by what it says.
    let hashes: Vec<[&str; 2]> = files.iter().map(|file| [file.sha256.as_str(), &file.file_name]).collect();
    let said = Bytes::from(serde_json::json!([values, hashes]).to_string());
    fields.give(values);
    Ok(Upload { asked: Asked::of(&parts, api, fields, &said, place)?, files })
}

fn broken(error: &MultipartError) -> Error {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge(UPLOAD),
        _ => Error::Bad("El formulario llegó incompleto o no se puede leer.".to_owned()),
    }
}

fn too_many() -> String {
    format!("Se permiten hasta {MOST_FILES} archivos por solicitud.")
}

/// What is wrong with a file, for its sender.
///
/// # Errors
/// If it is not the file: the call is to be made again.
fn complaint(error: FileError) -> Result<String, Error> {
    match error {
        FileError::Incomplete(error) => Err(broken(&error)),
        FileError::Store(error) => {
            tracing::error!(%error, "a file of a call cannot be stored");
            Err(PlainError::Unavailable.into())
        }
        error => Ok(format!("{error}.")),
    }
}

impl Upload {
    /// The call's files: its form's parts, then the field `name` (base64, or an object with `content`, `name` and
    /// `mime`) and the list `files` of the same. What is wrong with one is noted.
    ///
    /// # Errors
    /// 503 if they cannot be stored.
    pub(in crate::http) async fn files(&mut self, api: &Api, name: &str) -> Result<Vec<OutboundFile>, Error> {
        let mut files = std::mem::take(&mut self.files);
        let fields = &mut self.asked.fields;
        let named = fields.text("file_name");
        let single = fields.take(name).map(|value| (name, named, value));
        let several = match fields.take("files") {
            Some(Value::Array(items)) => items,
            Some(_) => {
                fields.complain("files", "El campo files debe ser una lista.");
                Vec::new()
            }
            None => Vec::new(),
        };
        let given = single.into_iter().chain(several.into_iter().map(|value| ("files", None, value)));
        for (field, named, value) in given {
            let Some(stated) = Stated::read(value, named) else {
                fields.complain(field, format!("El campo {field} debe ser un archivo en base64."));
                continue;
            };
            match stated.store(&api.0.blobs).await {
                None => {}
                Some(Ok(_)) if files.len() == MOST_FILES => fields.complain(field, too_many()),
                Some(Ok(file)) => files.push(file),
                Some(Err(error)) => fields.complain(field, complaint(error)?),
            }
        }
        Ok(files)
    }
}

/// A file as a call states it.
#[derive(Debug, Default)]
struct Stated {
    content: String,
    name: Option<String>,
    mime: Option<String>,
}

impl Stated {
    fn read(value: Value, named: Option<String>) -> Option<Self> {
        match value {
            Value::String(content) => Some(Self { content, name: named, mime: None }),
            Value::Object(mut fields) => {
                let mut text = |names: [&str; 2]| {
                    names.into_iter().find_map(|name| match fields.remove(name) {
                        Some(Value::String(text)) => Some(text),
                        _ => None,
                    })
                };
                let content = text(["content", "base64"])?;
                Some(Self { content, name: text(["name", "file_name"]).or(named), mime: text(["mime", "type"]) })
            }
            _ => None,
        }
    }

    /// `None` if it says nothing.
    async fn store(&self, blobs: &Blobs) -> Option<Result<OutboundFile, FileError>> {
        let text = unquoted(&self.content);
        let claims = Claims { mime: self.mime.as_deref(), file_name: self.name.as_deref(), kind: None };
        match text.is_empty() {
            true => None,
            false => Some(inline::from_base64(blobs, text, claims).await),
        }
    }
}
