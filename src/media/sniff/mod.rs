//! What a file is: its bytes decide, and what somebody states only chooses between what they can be.

mod name;
mod text;
mod zip;

use relevo_adapters::MediaKind;

pub use self::name::display_name;

/// Bytes of which nothing is known.
const OCTETS: &str = "application/octet-stream";
const OGG: &str = "audio/ogg";

/// What a file was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sniffed {
    /// Lower case, without parameters.
    pub mime: String,
    /// The kind that fits; a sticker, a voice note or an animation is only what its sender calls so ([`kind_as`]).
    pub kind: MediaKind,
    /// Whether that is what was stated.
    pub agrees: bool,
}

/// Says what a file is by its first bytes; `stated` is the MIME type and `name` the file name that came with it.
pub fn sniff(head: &[u8], stated: Option<&str>, name: Option<&str>) -> Sniffed {
    let stated = stated.map(normal).filter(|mime| !mime.is_empty() && *mime != OCTETS);
    let claim = Claim { mime: stated.as_deref(), extension: name.and_then(extension) };
    let mime = look(head, &claim);
    let agrees = claim.mime.is_none_or(|stated| agree(stated, &mime));
    Sniffed { kind: kind_of(&mime), mime, agrees }
}

/// The kind of a file whose sender calls it `stated`: his word counts as far as the bytes allow it.
pub fn kind_as(found: &Sniffed, stated: MediaKind) -> MediaKind {
    let fits = match stated {
        MediaKind::Document => true,
        MediaKind::Voice => found.kind == MediaKind::Audio,
        MediaKind::Sticker => {
            matches!(found.mime.as_str(), "image/webp" | "image/png" | "video/webm" | "application/gzip")
        }
        MediaKind::Animation => found.mime == "image/gif" || found.kind == MediaKind::Video,
        other => other == found.kind,
    };
    if fits { stated } else { found.kind }
}

/// What somebody says about a file.
struct Claim<'a> {
    mime: Option<&'a str>,
    /// Lower case, without the dot.
    extension: Option<String>,
}

impl Claim<'_> {
    fn says(&self, mime: &str, extensions: &[&str]) -> bool {
        let named = self.extension.as_deref().is_some_and(|extension| extensions.contains(&extension));
        self.mime == Some(mime) || named
    }
}

fn extension(name: &str) -> Option<String> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(extension.trim().to_ascii_lowercase())
}

/// Lower case, without parameters, by its usual name.
fn normal(mime: &str) -> String {
    let mime = mime.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let usual = match mime.as_str() {
        "image/jpg" | "image/pjpeg" => "image/jpeg",
        "audio/mp3" | "audio/x-mp3" | "audio/mpeg3" => "audio/mpeg",
        "audio/m4a" | "audio/x-m4a" => "audio/mp4",
        "audio/opus" => OGG,
        "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => "audio/wav",
        "audio/x-flac" => "audio/flac",
        "audio/x-aac" | "audio/aacp" => "audio/aac",
        "video/x-m4v" => "video/mp4",
        "application/x-pdf" => "application/pdf",
        "application/x-gzip" => "application/gzip",
        "application/x-zip-compressed" | "application/x-zip" => "application/zip",
        "application/x-javascript" | "text/javascript" => "application/javascript",
        "text/rtf" => "application/rtf",
        "text/json" => "application/json",
        "application/csv" => "text/csv",
        "application/xml" => "text/xml",
        "application/x-msdownload" | "application/x-dosexec" => "application/vnd.microsoft.portable-executable",
        "text/x-vcard" => "text/vcard",
        "binary/octet-stream" => OCTETS,
        _ => return mime,
    };
    usual.to_owned()
}

fn kind_of(mime: &str) -> MediaKind {
    match mime {
        // A drawing that can run scripts is no picture.
        "image/svg+xml" => MediaKind::Document,
        mime => MediaKind::of_mime(mime),
    }
}

fn look(head: &[u8], claim: &Claim<'_>) -> String {
    let found = match head {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(zip::look(head, claim)),
        [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ..] => Some(ole(claim)),
        _ => text::markup(head, claim).or_else(|| binary(head, claim)).or_else(|| text::look(head, claim)),
    };
    found.unwrap_or_else(|| OCTETS.to_owned())
}

/// Microsoft's older container says only far behind its beginning what it holds.
fn ole(claim: &Claim<'_>) -> String {
    let known: [(&str, &[&str]); 4] = [
        ("application/msword", &["doc", "dot"]),
        ("application/vnd.ms-excel", &["xls", "xlt"]),
        ("application/vnd.ms-powerpoint", &["ppt", "pps"]),
        ("application/vnd.ms-outlook", &["msg"]),
    ];
    let found = known.iter().find(|(mime, extensions)| claim.says(mime, extensions));
    found.map_or("application/x-ole-storage", |(mime, _)| mime).to_owned()
}

fn binary(head: &[u8], claim: &Claim<'_>) -> Option<String> {
    // Two bytes are too few for these to be believed.
    const WEAK: [&str; 3] = ["obj", "der", "pem"];
    // Formats that may look like text; a text that begins with another one's two or three letters is a text.
    const TEXTUAL: [&str; 3] = ["pdf", "rtf", "ps"];
    let found = infer::get(head).filter(|found| !WEAK.contains(&found.extension()));
    let found = found.filter(|found| found.matcher_type() != infer::MatcherType::Text);
    let mime = match found {
        Some(found) if TEXTUAL.contains(&found.extension()) || !text::is_text(head) => normal(found.mime_type()),
        None if head.get(4..8) == Some(b"ftyp") => "video/mp4".to_owned(),
        // The beginning of an MPEG frame is too little to be believed alone.
        None if matches!(head, [0xff, 0xe0..=0xff, ..]) && claim.says("audio/mpeg", &["mp3"]) => {
            "audio/mpeg".to_owned()
        }
        _ => return None,
    };
    Some(container(&mime, claim).unwrap_or(mime))
}

/// Containers of sound and of moving pictures look the same: there the statement chooses.
fn container(mime: &str, claim: &Claim<'_>) -> Option<String> {
    let family: &[&str] = match mime {
        "video/mp4" | "video/quicktime" | "audio/mp4" => {
            &["audio/mp4", "audio/aac", "audio/3gpp", "video/mp4", "video/3gpp"]
        }
        "video/webm" | "video/x-matroska" => &["audio/webm", "video/webm", "video/x-matroska"],
        OGG => &[OGG, "video/ogg"],
        "application/gzip" => &["application/x-tgsticker"],
        _ => return None,
    };
    let stated = claim.mime?;
    let chosen = if stated == "audio/aac" { "audio/mp4" } else { stated };
    family.contains(&stated).then(|| chosen.to_owned())
}

/// Whether a file that was found to be `found` may be stated as `stated`.
fn agree(stated: &str, found: &str) -> bool {
    match (family(stated), family(found)) {
        _ if stated == found => true,
        // A page may be called a text; else nothing that can run is anything else.
        (theirs, ours) if is_active(found) => (theirs, ours) == ("text", "text"),
        ("image" | "video" | "audio", ours) => family(stated) == ours,
        ("text" | "message", ours) => ours == "text" || found == "application/json",
        // What we would have known is not what we did not know.
        _ if is_recognisable(stated) => false,
        (_, ours) => ours == "text" || is_wrapper(found),
    }
}

fn family(mime: &str) -> &str {
    mime.split('/').next().unwrap_or_default()
}

/// Whether a file of this type shows it in its first bytes.
fn is_recognisable(mime: &str) -> bool {
    const FAMILIES: [&str; 4] =
        ["application/vnd.openxmlformats-", "application/vnd.oasis.", "application/vnd.ms-", "application/msword"];
    const TYPES: [&str; 5] =
        ["application/pdf", "application/zip", "application/gzip", "application/rtf", "application/json"];
    TYPES.contains(&mime) || FAMILIES.iter().any(|prefix| mime.starts_with(prefix))
}

/// Whether files of a type that we do not know may look like this.
fn is_wrapper(mime: &str) -> bool {
    matches!(mime, OCTETS | "application/zip" | "application/gzip" | "application/x-ole-storage")
}

/// Whether opening it may run something.
fn is_active(mime: &str) -> bool {
    matches!(
        mime,
        "text/html"
            | "image/svg+xml"
            | "text/x-shellscript"
            | "application/x-executable"
            | "application/vnd.microsoft.portable-executable"
            | "application/x-mach-binary"
            | "application/java"
            | "application/wasm"
            | "application/vnd.android.dex"
            | "application/vnd.android.dey"
            | "application/x-shockwave-flash"
            | "application/x-llvm"
    )
}

#[cfg(test)]
mod tests;
