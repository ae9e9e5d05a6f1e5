//! Files that come within API calls: base64 in a field, or a part of a multipart form. They stream into the store,
//! and what is not what it says it is does not stay there.

use std::io;

use axum::extract::multipart::{Field, MultipartError};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::Bytes;
use relevo_adapters::{MediaKind, outbound::OutboundFile};

use super::{Blobs, Draft, DraftError, MIB, Sniffed, display_name, kind_as};

/// Characters of base64 that are decoded at once; a multiple of four.
const GROUP: usize = 64 << 10;
/// Many encoders leave bits behind the last byte; they carry nothing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What a call says about its file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Claims<'a> {
    /// MIME type; counts more than one that comes with the bytes.
    pub mime: Option<&'a str>,
    /// Counts more than one that comes with the bytes.
    pub file_name: Option<&'a str>,
    /// As what it is to be sent.
    pub kind: Option<MediaKind>,
}

/// Why a file was not taken; in Spanish, for the answer to the call.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("El archivo no está en base64 válido")]
    Base64,
    #[error("El archivo está vacío")]
    Empty,
    #[error("El archivo supera el máximo de {} MB", .limit / MIB)]
    TooLarge { limit: u64 },
    #[error("El contenido del archivo ({found}) no corresponde al tipo indicado ({stated})")]
    Mismatch { stated: String, found: String },
    /// The form ended before the file did, or was too large for the route.
    #[error("El archivo no llegó completo")]
    Incomplete(#[source] MultipartError),
    /// It is not the caller's fault: worth another try later.
    #[error("El archivo no se pudo guardar; intente más tarde")]
    Store(#[source] io::Error),
}

impl From<DraftError> for FileError {
    fn from(error: DraftError) -> Self {
        match error {
            DraftError::TooLarge { limit } => Self::TooLarge { limit },
            DraftError::Store(error) => Self::Store(error),
        }
    }
}

/// Stores a file that came as base64, with or without `data:mime;base64,` before it, in either alphabet, with white
/// space anywhere, with or without padding.
///
/// # Errors
/// [`FileError`]; nothing of the file is kept then.
pub async fn from_base64(blobs: &Blobs, text: &str, claims: Claims<'_>) -> Result<OutboundFile, FileError> {
    let (mime, data) = split_data_url(text.trim_start())?;
    let mut draft = blobs.draft();
    let mut group = Vec::with_capacity(GROUP);
    let mut padded = false;
    for byte in data.bytes() {
        match (byte, padded) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => continue,
            (b'=', _) => padded = true,
            (_, true) => return Err(FileError::Base64),
            (b'-', false) => group.push(b'+'),
            (b'_', false) => group.push(b'/'),
            (byte, false) => group.push(byte),
        }
        if group.len() == GROUP {
            write(&mut draft, &group).await?;
            group.clear();
        }
    }
    write(&mut draft, &group).await?;
    finish(draft, Claims { mime: claims.mime.or(mime), ..claims }).await
}

async fn write(draft: &mut Draft, group: &[u8]) -> Result<(), FileError> {
    let bytes = LENIENT.decode(group).map_err(|_| FileError::Base64)?;
    Ok(draft.write(Bytes::from(bytes)).await?)
}

/// The MIME type before the data, and the data.
fn split_data_url(text: &str) -> Result<(Option<&str>, &str), FileError> {
    match text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) {
        false => Ok((None, text)),
        true => {
            let (head, data) = text[5..].split_once(',').ok_or(FileError::Base64)?;
            let split = head.len().checked_sub(";base64".len()).and_then(|at| head.split_at_checked(at));
            match split.filter(|(_, encoding)| encoding.eq_ignore_ascii_case(";base64")) {
                Some((mime, _)) => Ok((Some(mime).filter(|mime| !mime.is_empty()), data)),
                None => Err(FileError::Base64),
            }
        }
    }
}

/// Stores a file that came as a part of a form.
///
/// # Errors
/// [`FileError`]; nothing of the file is kept then.
pub async fn from_field(blobs: &Blobs, mut field: Field<'_>, claims: Claims<'_>) -> Result<OutboundFile, FileError> {
    let (mime, name) = (field.content_type().map(str::to_owned), field.file_name().map(str::to_owned));
    let mut draft = blobs.draft();
    while let Some(chunk) = field.chunk().await.map_err(FileError::Incomplete)? {
        draft.write(chunk).await?;
    }
    let (mime, file_name) = (claims.mime.or(mime.as_deref()), claims.file_name.or(name.as_deref()));
    finish(draft, Claims { mime, file_name, ..claims }).await
}

async fn finish(draft: Draft, claims: Claims<'_>) -> Result<OutboundFile, FileError> {
    if draft.size() == 0 {
        return Err(FileError::Empty);
    }
    let found = draft.sniff(claims.mime, claims.file_name);
    let kind = agreed_kind(&found, claims)?;
    let stored = draft.finish().await?;
    Ok(OutboundFile {
        sha256: stored.sha256,
        size: stored.size,
        file_name: display_name(claims.file_name.unwrap_or_default(), &found.mime),
        mime: found.mime,
        kind,
        platform_id: None,
    })
}

fn agreed_kind(found: &Sniffed, claims: Claims<'_>) -> Result<MediaKind, FileError> {
    let mismatch = |stated: &str| FileError::Mismatch { stated: stated.to_owned(), found: found.mime.clone() };
    match (claims.kind, claims.mime) {
        (_, Some(stated)) if !found.agrees => Err(mismatch(stated)),
        (Some(stated), _) => match kind_as(found, stated) {
            kind if kind == stated => Ok(kind),
            _ => Err(mismatch(stated.as_str())),
        },
        (None, _) => Ok(found.kind),
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        body::Body,
        extract::{FromRequest, Multipart},
        http::Request,
    };
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xfe\xfb\xef\xbe";

    struct Stage(std::path::PathBuf, Blobs);

    impl Stage {
        fn new() -> Self {
            let folder = std::env::temp_dir().join(format!("relevo-inline-{}", uuid::Uuid::new_v4()));
            let mut config = crate::config::Config::defaults();
            config.data_dir = folder.clone();
            config.media.max_bytes = MIB;
            Self(folder, Blobs::of(&config).unwrap())
        }

        async fn take(&self, text: &str, claims: Claims<'_>) -> Result<OutboundFile, FileError> {
            from_base64(&self.1, text, claims).await
        }

        async fn refusal(&self, text: &str, claims: Claims<'_>) -> String {
            self.take(text, claims).await.unwrap_err().to_string()
        }
    }

    impl Drop for Stage {
        fn drop(&mut self) {
            _ = std::fs::remove_dir_all(&self.0);
        }
    }

    #[tokio::test]
    async fn base64_comes_in_many_shapes() {
        let stage = Stage::new();
        let plain = STANDARD.encode(PNG);
        let wrapped: String = plain.chars().flat_map(|c| [c, '\r', '\n', ' ']).collect();
        for text in [
            plain.clone(),
            plain.trim_end_matches('=').to_owned(),
            URL_SAFE_NO_PAD.encode(PNG),
            wrapped,
            format!("data:image/png;base64,{plain}"),
            format!(" DATA:image/png;name=a.png;BASE64,{plain}"),
            format!("data:;base64,{plain}"),
        ] {
            let claims = Claims { file_name: Some("../foto.png"), ..Claims::default() };
            let file = stage.take(&text, claims).await.unwrap();
            assert_eq!((file.size, file.mime.as_str(), file.kind), (PNG.len() as u64, "image/png", MediaKind::Image));
            assert_eq!(file.file_name, "foto.png");
            assert_eq!(stage.1.bytes(&file.sha256, MIB).await.unwrap(), PNG);
        }
    }

    #[tokio::test]
    async fn a_file_longer_than_one_group_is_whole() {
        let stage = Stage::new();
        let bytes: Vec<u8> = (0..200_001_u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
        let file = stage.take(&STANDARD.encode(&bytes), Claims::default()).await.unwrap();
        assert_eq!(stage.1.bytes(&file.sha256, MIB).await.unwrap(), bytes);
        assert_eq!(file.file_name, "archivo");
    }

    #[tokio::test]
    async fn p8_what_is_no_file_is_refused_with_its_reason() {
        let stage = Stage::new();
        for text in ["¿?", "AAAAA", "AA=A", "data:image/png,AAAA", "data:base64", "AAAA*AAA"] {
            assert_eq!(stage.refusal(text, Claims::default()).await, "El archivo no está en base64 válido", "{text}");
        }
        for text in ["", " \n", "data:image/png;base64,", "===="] {
            assert_eq!(stage.refusal(text, Claims::default()).await, "El archivo está vacío", "{text}");
        }
        let large = "A".repeat(2 << 20);
        assert_eq!(stage.refusal(&large, Claims::default()).await, "El archivo supera el máximo de 1 MB");
        assert_eq!(std::fs::read_dir(stage.0.join("media/drafts")).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn p9_what_is_not_what_it_says_is_refused() {
        let stage = Stage::new();
        let page = STANDARD.encode("<html><script>alert(1)</script>");
        let program = STANDARD.encode(b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0");
        let said = "El contenido del archivo (text/html) no corresponde al tipo indicado (image/png)";
        assert_eq!(stage.refusal(&format!("data:image/png;base64,{page}"), Claims::default()).await, said);
        for (text, claims) in [
            (&program, Claims { mime: Some("image/jpeg"), ..Claims::default() }),
            (&program, Claims { kind: Some(MediaKind::Image), ..Claims::default() }),
            (&page, Claims { kind: Some(MediaKind::Sticker), ..Claims::default() }),
        ] {
            let error = stage.take(text, claims).await.unwrap_err();
            assert!(matches!(error, FileError::Mismatch { .. }), "{error}");
        }
        let as_document = Claims { kind: Some(MediaKind::Document), ..Claims::default() };
        assert_eq!(stage.take(&STANDARD.encode(PNG), as_document).await.unwrap().kind, MediaKind::Document);
        assert_eq!(files(&stage.0).len(), 1, "only the one that was taken is kept");
    }

    fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
    }

    #[tokio::test]
    async fn a_part_of_a_form_is_a_file_too() {
        let stage = Stage::new();
        let body = [
            b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\\\foto.png\"\r\nContent-Type: image/png\r\n\r\n"
                .as_slice(),
            PNG,
            b"\r\n--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nbroken off",
        ]
        .concat();
        let request = Request::post("/").header("content-type", "multipart/form-data; boundary=x");
        let mut form = Multipart::from_request(request.body(Body::from(body)).unwrap(), &()).await.unwrap();
        let field = form.next_field().await.unwrap().unwrap();
        let file = from_field(&stage.1, field, Claims::default()).await.unwrap();
        assert_eq!(
            (file.file_name.as_str(), file.mime.as_str(), file.size),
            ("foto.png", "image/png", PNG.len() as u64)
        );
        let field = form.next_field().await.unwrap().unwrap();
        let error = from_field(&stage.1, field, Claims::default()).await.unwrap_err();
        assert!(matches!(error, FileError::Incomplete(_)), "{error}");
    }
}
