//! A request, read whole: parameters come in the query, as a form, as JSON or as multipart, and mean the same.

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Multipart, Request},
    http::{HeaderMap, Method, header},
};
use relevo_adapters::Blob;
use serde_json::{Map, Value};

use super::ledger::FileSeen;

/// No real one takes more: 100 MB of file (`whatsapp.md §7`) and what is around it.
const LARGEST: usize = 104 * 1024 * 1024;

/// What somebody asks a platform for.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) method: Method,
    /// Decoded segments.
    pub(super) path: Vec<String>,
    pub(super) bearer: Option<String>,
    /// Fields that came as text stay text: see [`Ask::value`].
    pub(super) fields: Map<String, Value>,
    pub(super) files: Vec<Upload>,
    /// Why the body could not be read.
    pub(super) flaw: Option<Flaw>,
}

/// What is wrong with a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    TooLarge,
    Unreadable,
}

/// A file that came with a request.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) field: String,
    pub(super) name: Option<String>,
    pub(super) mime: String,
    pub(super) bytes: Bytes,
}

impl Upload {
    pub(super) fn seen(&self) -> FileSeen {
        let blob = Blob::new(self.bytes.clone());
        FileSeen {
            sha256: blob.sha256,
            size: self.bytes.len() as u64,
            mime: self.mime.clone(),
            name: self.name.clone(),
        }
    }
}

impl Ask {
    pub(super) async fn read(request: Request) -> Self {
        let path = request.uri().path().split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let query = request.uri().query().unwrap_or_default().as_bytes().to_vec();
        let mut ask = Self {
            method: request.method().clone(),
            path,
            bearer: bearer(request.headers()),
            fields: Map::new(),
            files: Vec::new(),
            flaw: None,
        };
        ask.add_form(&query);
        ask.flaw = ask.read_body(request).await.err();
        ask
    }

    async fn read_body(&mut self, request: Request) -> Result<(), Flaw> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "multipart/form-data" => self.read_multipart(request).await,
            "application/json" => {
                let body = whole(request.into_body()).await?;
                let fields: Map<String, Value> = serde_json::from_slice(&body).map_err(|_| Flaw::Unreadable)?;
                self.fields.extend(fields);
                Ok(())
            }
            "application/x-www-form-urlencoded" => {
                let body = whole(request.into_body()).await?;
                self.add_form(&body);
                Ok(())
            }
            _ => whole(request.into_body()).await.map(drop),
        }
    }

    async fn read_multipart(&mut self, request: Request) -> Result<(), Flaw> {
        let mut parts = Multipart::from_request(request, &()).await.map_err(|_| Flaw::Unreadable)?;
        let flaw = |error: axum::extract::multipart::MultipartError| match error.status().as_u16() {
            413 => Flaw::TooLarge,
            _ => Flaw::Unreadable,
        };
        while let Some(part) = parts.next_field().await.map_err(flaw)? {
            let field = part.name().unwrap_or_default().to_owned();
            let name = part.file_name().map(str::to_owned);
            let mime = part.content_type().unwrap_or("application/octet-stream").to_owned();
            let bytes = part.bytes().await.map_err(flaw)?;
            match name.is_some() {
                true => self.files.push(Upload { field, name, mime, bytes }),
                false => _ = self.fields.insert(field, String::from_utf8_lossy(&bytes).into_owned().into()),
            }
        }
        Ok(())
    }

    fn add_form(&mut self, form: &[u8]) {
        for pair in form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let mut next = || decode(&String::from_utf8_lossy(halves.next().unwrap_or_default()).replace('+', " "));
            let (key, value) = (next(), next());
            self.fields.insert(key, value.into());
        }
    }

    /// A parameter, whether it came as JSON or as JSON in a text.
    pub(super) fn value(&self, key: &str) -> Value {
        match self.fields.get(key) {
            Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into()),
            Some(value) => value.clone(),
            None => Value::Null,
        }
    }

    /// A parameter as text; a number as its digits.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        as_text(self.fields.get(key)?)
    }

    pub(super) fn number(&self, key: &str) -> Option<i64> {
        self.text(key)?.parse().ok()
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.fields.get(key)? {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => Some(number.as_i64() != Some(0)),
            Value::String(text) => Some(matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes")),
            _ => None,
        }
    }

    pub(super) fn file(&self, field: &str) -> Option<&Upload> {
        self.files.iter().find(|file| file.field == field)
    }

    /// A segment of the path.
    pub(super) fn segment(&self, index: usize) -> &str {
        self.path.get(index).map_or("", String::as_str)
    }
}

/// A text, or a number's digits.
pub(super) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

async fn whole(body: Body) -> Result<Bytes, Flaw> {
    axum::body::to_bytes(body, LARGEST).await.map_err(|_| Flaw::TooLarge)
}

/// The largest body that is read.
pub(super) fn largest() -> usize {
    LARGEST
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    value.strip_prefix("Bearer ").map(str::to_owned)
}

/// Undoes percent-encoding; what is none stays.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let (byte, step) = match (byte, code) {
            (b'%', Some(code)) => (code, 3),
            _ => (byte, 1),
        };
        out.push(byte);
        at += step;
    }
    String::from_utf8_lossy(&out).into_owned()
}
