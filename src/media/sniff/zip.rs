//! ZIP archives, and the many documents that are one.

use super::Claim;

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const SLIDES: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
const HEADER: usize = 30;

pub(super) fn look(head: &[u8], claim: &Claim<'_>) -> String {
    let names: Vec<&[u8]> = names(head).collect();
    let has = |prefix: &[u8]| names.iter().any(|name| name.starts_with(prefix));
    let stated = |mime: &str, extension: &str| claim.says(mime, &[extension]);
    let open_xml = has(b"[Content_Types].xml") || has(b"_rels/");
    let found = match () {
        () if has(b"word/") => WORD,
        () if has(b"xl/") => SHEET,
        () if has(b"ppt/") => SLIDES,
        // Its content may be behind the bytes that we have.
        () if open_xml && stated(WORD, "docx") => WORD,
        () if open_xml && stated(SHEET, "xlsx") => SHEET,
        () if open_xml && stated(SLIDES, "pptx") => SLIDES,
        () => return open_document(head).unwrap_or_else(|| "application/zip".to_owned()),
    };
    found.to_owned()
}

/// Names in the local headers that are within `head`.
fn names(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.windows(4).enumerate().filter(|(_, window)| *window == b"PK\x03\x04").filter_map(|(at, _)| {
        let length = head.get(at + 26..at + 28)?;
        let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
        head.get(at + HEADER..at + HEADER + length)
    })
}

/// OpenDocument and EPUB begin with a file `mimetype`, uncompressed.
fn open_document(head: &[u8]) -> Option<String> {
    let rest = head.get(HEADER..)?.strip_prefix(b"mimetype")?;
    let end = rest.iter().position(|byte| !byte.is_ascii_graphic()).unwrap_or(rest.len());
    // The next header follows without a gap.
    let text = std::str::from_utf8(&rest[..end]).ok()?.split("PK").next()?;
    let known = ["application/vnd.oasis.opendocument.", "application/epub+zip"];
    (text.len() < 80 && known.iter().any(|prefix| text.starts_with(prefix))).then(|| text.to_owned())
}
