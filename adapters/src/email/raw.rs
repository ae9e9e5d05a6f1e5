//! A raw RFC 5322 mail: which parts are text, which are files (`email.md §3`).

use bytes::Bytes;

use super::{
    html,
    mail::{File, FileData, Mail},
    mime::{Params, decode, tree, tree::Part},
};

/// One stretch of the body: the same words as text, as HTML, or as both.
#[derive(Debug, Default)]
struct Segment {
    text: Option<String>,
    html: Option<String>,
}

#[derive(Debug, Default)]
struct Collected {
    segments: Vec<Segment>,
    files: Vec<File>,
    incomplete: bool,
}

/// Reads a raw mail; `None` if there is not a single header field that could be one.
pub(crate) fn read(raw: &Bytes) -> Option<Mail> {
    let tidy = with_line_feeds(raw);
    let root = Part::parse(&tidy, 0, "text/plain", &mut { tree::MAX_PARTS });
    if !root.headers.names().any(is_field_name) {
        return None;
    }
    let mut collected = Collected::default();
    match is_single_text(&root) {
        true => collected.segments.push(if root.kind.sub() == "html" { html_of(&root) } else { text_of(&root) }),
        false => collect(&root, &mut collected),
    }
    let html = join_html(&collected.segments);
    let text = join_text(collected.segments);
    Some(Mail {
        provider: "raw",
        text,
        html,
        files: collected.files,
        incomplete: collected.incomplete,
        headers: root.headers,
        raw: Some(raw.clone()),
        ..Mail::default()
    })
}

/// Whether this may be a header field's name: JSON and other foreign text with a colon in its first line is no mail.
fn is_field_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b':' | b'{' | b'"'))
}

/// Whether the whole mail is one text: its words even if some program gave it a file name.
fn is_single_text(root: &Part) -> bool {
    root.kind.main() == "text"
        && matches!(root.kind.sub(), "plain" | "html")
        && root.disposition().value != "attachment"
}

/// Lone carriage returns as line ends, as old software wrote them.
fn with_line_feeds(raw: &Bytes) -> Bytes {
    match raw.contains(&b'\n') || !raw.contains(&b'\r') {
        true => raw.clone(),
        false => raw.iter().map(|&byte| if byte == b'\r' { b'\n' } else { byte }).collect(),
    }
}

fn collect(part: &Part, out: &mut Collected) {
    out.incomplete |= part.too_deep;
    match (part.kind.main(), part.kind.sub()) {
        ("multipart", _) if part.too_deep && part.children.is_empty() => {}
        ("multipart", _) if part.children.is_empty() => out.segments.push(text_of(part)),
        ("multipart", "alternative") => collect_alternative(part, out),
        ("multipart", _) => part.children.iter().for_each(|child| collect(child, out)),
        ("text", "plain" | "") if is_body(part) => out.segments.push(text_of(part)),
        ("text", "html") if is_body(part) => out.segments.push(html_of(part)),
        ("text", "enriched" | "x-markdown" | "markdown" | "x-amp-html") if is_body(part) => {
            out.segments.push(text_of(part));
        }
        _ => out.files.push(file_of(part)),
    }
}

/// The same thing several times: the last plain text and the last HTML are one segment.
fn collect_alternative(part: &Part, out: &mut Collected) {
    let mut inner = Collected::default();
    let mut best = Segment::default();
    for child in part.children.iter().filter(|child| child.kind.value != "text/x-amp-html") {
        collect(child, &mut inner);
        let html = join_html(&inner.segments);
        let text = inner.segments.iter().any(|segment| segment.text.is_some());
        let segments = std::mem::take(&mut inner.segments);
        let plain = html.is_none() && matches!(child.kind.value.as_str(), "text/plain" | "multipart/mixed");
        if text && (plain || best.text.is_none()) {
            best.text = join_text(segments).or(best.text);
        }
        best.html = html.or(best.html);
    }
    out.segments.push(best);
    out.files.append(&mut inner.files);
    out.incomplete |= inner.incomplete;
}

/// Text without a file name that does not ask to be an attachment.
fn is_body(part: &Part) -> bool {
    part.disposition().value != "attachment" && part.file_name().is_none()
}

fn text_of(part: &Part) -> Segment {
    Segment { text: Some(decode::charset(&part.content(), part.kind.get("charset"))), html: None }
}

fn html_of(part: &Part) -> Segment {
    let bytes = part.content();
    let label = part.kind.get("charset").map(str::to_owned).or_else(|| html::stated_charset(&bytes));
    Segment { text: None, html: Some(decode::charset(&bytes, label.as_deref())) }
}

fn join_text(segments: Vec<Segment>) -> Option<String> {
    if segments.iter().all(|segment| is_blank(segment.text.as_deref())) {
        return None;
    }
    let mut html_budget = html::MAX_HTML;
    let texts: Vec<String> = segments
        .into_iter()
        .filter_map(|segment| match (segment.text, segment.html) {
            (Some(text), _) if !is_blank(Some(&text)) => Some(text),
            (_, Some(html)) if html.len() <= html_budget => {
                html_budget -= html.len();
                Some(html::to_text(&html))
            }
            _ => None,
        })
        .collect();
    Some(texts.iter().map(|text| text.trim_end_matches(['\r', '\n'])).collect::<Vec<_>>().join("\n\n"))
}

fn join_html(segments: &[Segment]) -> Option<String> {
    if segments.iter().all(|segment| is_blank(segment.html.as_deref())) {
        return None;
    }
    let pieces: Vec<String> = segments
        .iter()
        .filter_map(|segment| match (&segment.html, &segment.text) {
            (Some(html), _) => Some(html.clone()),
            (None, Some(text)) if !is_blank(Some(text)) => Some(html::from_text(text)),
            _ => None,
        })
        .collect();
    Some(pieces.join("\n<hr>\n"))
}

fn is_blank(text: Option<&str>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}

fn file_of(part: &Part) -> File {
    let content_id = part.headers.text("Content-ID").map(|id| id.trim_matches(['<', '>', ' ']).to_owned());
    File {
        name: part.file_name().or_else(|| nested_subject(part)),
        kind: Params::clone(&part.kind),
        content_id: content_id.filter(|id| !id.is_empty()),
        data: FileData::Bytes(part.content()),
    }
}

/// A forwarded mail without a file name is called by its subject.
fn nested_subject(part: &Part) -> Option<String> {
    if part.kind.value != "message/rfc822" {
        return None;
    }
    let (headers, _) = super::mime::Headers::parse(&part.content());
    headers.text("Subject").map(|subject| format!("{subject}.eml"))
}
