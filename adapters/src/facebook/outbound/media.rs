//! Images up, and customers' files down (`facebook-comments.md §4, §5`).

use std::time::Duration;

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
};

/// For an image, or a customer's video.
const TRANSFER: Duration = Duration::from_secs(120);
/// Nobody says whether a photo can be shown by a second comment: its id is for the tries of one send.
const KEPT: Duration = Duration::from_secs(3600);

const GONE: Explained = Explained {
    es: "El archivo ya no está disponible en Facebook; es posible que el comentario haya sido eliminado.",
    en: "Facebook no longer has the file; the comment may have been deleted.",
};

impl Sender {
    /// Uploads an image without publishing it; doing it again only makes another one.
    pub(super) async fn store(&self, io: &dyn Io, file: &OutboundFile) -> Result<StoredFile, SendError> {
        limits::file(&SENDING, file)?;
        let published = Part { name: "published".to_owned(), content: PartContent::Text("false".to_owned()) };
        let content = PartContent::File {
            sha256: file.sha256.clone(),
            size: file.size,
            mime: file.mime.clone(),
            file_name: file.file_name.clone(),
        };
        let parts = vec![published, Part { name: "source".to_owned(), content }];
        let call = self.graph.post(&[&self.page_id, "photos"], CallBody::Multipart(parts)).within(TRANSFER);
        let answer = self.graph.look(io, call).await?;
        let again = |error| SendError { class: ErrorClass::Transient, ..error };
        made(&answer, "id").map(|id| StoredFile { id, keeps: Some(KEPT) }).map_err(again)
    }

    /// A webhook's URL as it is, until it has expired (`refresh` in the extras); then, and for stickers, what the
    /// comment itself says.
    pub(super) async fn find(&self, io: &dyn Io, wanted: &Wanted) -> Result<Located, SendError> {
        let extra = |key| wanted.extra.as_ref().and_then(|extra| extra.get(key));
        let refresh = extra("refresh").and_then(Value::as_bool) == Some(true);
        let comment = || wanted.message.clone().or_else(|| extra("comment_id").and_then(json::id));
        match &wanted.source {
            MediaSource::Url { url } if !refresh => located(url, wanted),
            MediaSource::Url { url } => match comment() {
                Some(comment) => self.of_comment(io, &comment, wanted).await,
                None => located(url, wanted),
            },
            MediaSource::Platform { id } => self.of_comment(io, id, wanted).await,
            MediaSource::Blob { .. } | MediaSource::Unavailable { .. } => {
                Err(refused("media", "the file is not with the platform", GONE))
            }
        }
    }

    async fn of_comment(&self, io: &dyn Io, comment: &str, wanted: &Wanted) -> Result<Located, SendError> {
        let call = self.graph.get(&[comment], &[("fields", "attachment")]);
        let answer = self.graph.look(io, call).await.map_err(gone)?;
        let media = answer.get("attachment").and_then(|attachment| attachment.get("media")).unwrap_or(&Value::Null);
        // Of a video, the image is only its first frame.
        let image = media.get("image").and_then(|image| json::str(image, "src"));
        match json::str(media, "source").or(image) {
            Some(url) => located(url, wanted),
            None => Err(refused("media", "the comment shows no file", GONE)),
        }
    }
}

/// Facebook's file servers take no token, and the URL came from outside.
fn located(url: &str, wanted: &Wanted) -> Result<Located, SendError> {
    match url.starts_with("https://") || url.starts_with("http://") {
        true => {
            let call = Call::get(url).within(TRANSFER);
            Ok(Located { call, foreign: true, mime: None, size: wanted.size, sha256: None })
        }
        false => Err(refused("media_url", "the file's URL is no HTTP address", GONE)),
    }
}

fn gone(error: SendError) -> SendError {
    match error.class {
        ErrorClass::Recipient => SendError::new(ErrorClass::Content, error.code, error.detail, GONE),
        _ => error,
    }
}
