//! Files up and down (`whatsapp.md §7`).

use std::time::Duration;

use http::Uri;
use serde_json::Value;

use super::{SENDING, Sender};
use crate::{
    MediaSource, json,
    meta::{
        graph::{made, refused},
        limits,
    },
    outbound::{
        Call, CallBody, ErrorClass, Explained, Io, Located, OutboundFile, Part, PartContent, SendError, StoredFile,
        Wanted,
    },
    whatsapp::inbound::media::sha256_hex,
};

/// How long what we uploaded is used: Meta keeps it for 30 days.
const KEPT: Duration = Duration::from_secs(29 * 86_400);
/// For 100 MB over a line of 7 Mbit/s.
const TRANSFER: Duration = Duration::from_secs(120);
/// Where Meta keeps customers' files.
const HOSTS: [&str; 4] = [".fbsbx.com", ".facebook.com", ".whatsapp.net", ".fbcdn.net"];

const EXPIRED: Explained = Explained {
    es: "El archivo ya no está disponible en WhatsApp (se conserva 7 días); pida al cliente que lo envíe de nuevo.",
    en: "WhatsApp no longer has the file (it is kept for 7 days); ask the customer to send it again.",
};
const NOWHERE: Explained = Explained {
    es: "WhatsApp no dio una dirección válida para descargar el archivo; pida al cliente que lo envíe de nuevo.",
    en: "WhatsApp gave no valid address for the file; ask the customer to send it again.",
};

impl Sender {
    /// Uploads a file; doing it again only makes another id.
    pub(super) async fn store(&self, io: &dyn Io, file: &OutboundFile) -> Result<StoredFile, SendError> {
        limits::file(&SENDING, file)?;
        let mime = spelled(&file.mime);
        let text =
            |name: &str, value: &str| Part { name: name.to_owned(), content: PartContent::Text(value.to_owned()) };
        let content = PartContent::File {
            sha256: file.sha256.clone(),
            size: file.size,
            mime: mime.to_owned(),
            file_name: file.file_name.clone(),
        };
        let parts =
            vec![text("messaging_product", "whatsapp"), text("type", mime), Part { name: "file".to_owned(), content }];
        let call = self.graph.post(&[&self.phone_number_id, "media"], CallBody::Multipart(parts)).within(TRANSFER);
        let answer = self.graph.look(io, call).await?;
        let again = |error| SendError { class: ErrorClass::Transient, ..error };
        made(&answer, "id").map(|id| StoredFile { id, keeps: Some(KEPT) }).map_err(again)
    }

    /// Asks where a file is now: the URL lives for five minutes.
    pub(super) async fn find(&self, io: &dyn Io, wanted: &Wanted) -> Result<Located, SendError> {
        match &wanted.source {
            MediaSource::Platform { id } => {
                let call = self.graph.get(&[id], &[("phone_number_id", &self.phone_number_id)]);
                let media = self.graph.look(io, call).await.map_err(gone)?;
                self.located(json::str(&media, "url").unwrap_or_default(), &media, wanted)
            }
            MediaSource::Url { url } => self.located(url, &Value::Null, wanted),
            MediaSource::Blob { .. } | MediaSource::Unavailable { .. } => {
                Err(refused("media", "the file is not with the platform", NOWHERE))
            }
        }
    }

    /// The token goes with the request, so it goes to Meta only.
    fn located(&self, url: &str, media: &Value, wanted: &Wanted) -> Result<Located, SendError> {
        let uri: Option<Uri> = url.parse().ok();
        let is_own = uri.as_ref().is_some_and(|uri| self.graph.is_own(uri));
        if !is_own && !uri.as_ref().is_some_and(is_metas) {
            return Err(refused("media_url", "the file's URL does not lead to Meta", NOWHERE));
        }
        let known = wanted.extra.as_ref().unwrap_or(&Value::Null);
        let hash = |from| json::str(from, "sha256").and_then(sha256_hex);
        let size = json::int(media, "file_size").and_then(|size| u64::try_from(size).ok());
        Ok(Located {
            call: Call::get(url).bearer(self.graph.token()).within(TRANSFER),
            foreign: !is_own,
            mime: json::str(media, "mime_type").map(str::to_owned),
            size: size.or(wanted.size),
            sha256: hash(media).or_else(|| hash(known)),
        })
    }
}

/// An id that Graph does not know (any more) is an old one: ids of customers' files live for seven days.
fn gone(error: SendError) -> SendError {
    match error.code.as_str() {
        "100" | "100/33" | "131052" | "http_404" if error.class != ErrorClass::Transient => {
            SendError::new(ErrorClass::Content, error.code, error.detail, EXPIRED)
        }
        _ => error,
    }
}

fn is_metas(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    let is_plain = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    let is_https = uri.scheme_str() == Some("https") && matches!(uri.port_u16(), None | Some(443));
    is_https && is_plain && HOSTS.iter().any(|suffix| host.ends_with(suffix))
}

/// The MIME type as WhatsApp writes it.
fn spelled(mime: &str) -> &str {
    match mime {
        "audio/m4a" | "audio/x-m4a" => "audio/mp4",
        other => other,
    }
}
