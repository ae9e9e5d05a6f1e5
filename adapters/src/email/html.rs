//! HTML of mails: made harmless, and made text (`email.md §3`).

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use html2text::render::TextDecorator;

use super::quote::HTML_QUOTE;
use crate::text;

/// HTML is cut to this before anything reads it, and what is kept is not longer; bytes.
pub(crate) const MAX_HTML: usize = 2 << 20;
/// Open elements at any point; deeper HTML is shown as its text only.
const MAX_DEPTH: usize = 600;
/// Open formatting elements: an HTML parser repeats them in every paragraph.
const MAX_FORMATTING: usize = 200;
/// Columns of derived text: so wide that only absurd lines are wrapped.
const WIDTH: usize = 2_000;

/// Where a blocked image's URL stands until it is renamed to `data-src`.
const BLOCKED: &str = "relevo-blocked:";

static SANITISER: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut builder = ammonia::Builder::default();
    builder
        .add_tags(["font", "tfoot"])
        .add_tag_attributes("font", ["color", "face", "size"])
        .add_tag_attributes("table", ["width", "border", "cellpadding", "cellspacing", "bgcolor"])
        .add_tag_attributes("td", ["width", "height", "valign", "bgcolor"])
        .add_tag_attributes("th", ["width", "height", "valign", "bgcolor"])
        .add_tag_attributes("tr", ["valign", "bgcolor"])
        .add_generic_attributes(["dir", "style", "align"])
        .clean_content_tags(HashSet::from(REMOVED_WHOLE))
        .filter_style_properties(HashSet::from(STYLE_PROPERTIES))
        .add_url_schemes(["cid", "data"])
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_values(HashMap::from([("a", HashMap::from([("target", "_blank")]))]))
        .attribute_filter(attribute);
    builder
});

/// Elements that go with everything inside.
const REMOVED_WHOLE: [&str; 17] = [
    "script", "style", "title", "iframe", "object", "embed", "applet", "noscript", "svg", "math", "template",
    "textarea", "select", "button", "audio", "video", "head",
];

/// CSS that only colours and spaces text.
const STYLE_PROPERTIES: [&str; 28] = [
    "color",
    "background-color",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "line-height",
    "text-align",
    "text-decoration",
    "text-indent",
    "vertical-align",
    "white-space",
    "width",
    "height",
    "max-width",
    "margin",
    "margin-top",
    "margin-right",
    "margin-bottom",
    "margin-left",
    "padding",
    "padding-top",
    "padding-right",
    "padding-bottom",
    "padding-left",
    "border",
    "border-collapse",
    "border-spacing",
];

/// Blocks remote images, keeps inline ones, and lets `data:` through for images only.
fn attribute<'v>(_element: &str, name: &str, value: &'v str) -> Option<Cow<'v, str>> {
    let lower = value.trim_start().get(..11).unwrap_or(value.trim_start()).to_ascii_lowercase();
    match name {
        "src" if lower.starts_with("cid:") => Some(Cow::Owned(format!("cid:{}", content_id(value)))),
        "src" if lower.starts_with("data:image/") => Some(Cow::Borrowed(value)),
        "src" if lower.starts_with("http:") || lower.starts_with("https:") => {
            Some(Cow::Owned(format!("{BLOCKED}{value}")))
        }
        "src" => None,
        "href" | "cite" if lower.starts_with("data:") || lower.starts_with("cid:") => None,
        "style" => Some(Cow::Owned(harmless_style(value))),
        _ => Some(Cow::Borrowed(value)),
    }
}

/// The declarations that load nothing; which properties may stay is the sanitiser's list.
fn harmless_style(style: &str) -> String {
    let loads = |declaration: &str| {
        let lower = declaration.to_ascii_lowercase();
        lower.contains("url(") || lower.contains("expression") || lower.contains('\\')
    };
    style.split(';').filter(|declaration| !loads(declaration)).collect::<Vec<_>>().join(";")
}

/// The id in `cid:…`, URL-decoded, without angle brackets.
fn content_id(value: &str) -> String {
    let id = value.trim().get(4..).unwrap_or_default();
    let decoded = text::query_value(&format!("v={}", id.replace('+', "%2B").replace('&', "%26")), "v");
    decoded.unwrap_or_default().trim_matches(['<', '>', ' ']).to_owned()
}

/// HTML that a browser may show: no scripts, forms, handlers or remote images (their `src` becomes `data-src`).
/// `None` if there is nothing to see, or if it is built to exhaust whoever parses it.
pub(crate) fn sanitise(html: &str) -> Option<String> {
    let html = text::truncate(html, MAX_HTML);
    if is_hostile(html) {
        return None;
    }
    let clean = SANITISER.clean(html).to_string().replace(&format!("src=\"{BLOCKED}"), "data-src=\"");
    let clean = text::clean(clean.trim(), MAX_HTML);
    (!clean.is_empty()).then_some(clean)
}

/// The `Content-ID`s that sanitised HTML shows.
pub(crate) fn referenced_ids(clean: &str) -> Vec<String> {
    let ids = clean.split("src=\"cid:").skip(1).filter_map(|rest| rest.split('"').next());
    ids.map(|id| id.replace("&amp;", "&")).collect()
}

/// The readable text of HTML. Quotations keep a `> `, and known wrappers of a quoted mail leave [`HTML_QUOTE`] in
/// front of them for the quotation finder.
pub(crate) fn to_text(html: &str) -> String {
    let html = text::truncate(html, MAX_HTML);
    let html = mark_quotes(html);
    let rendered = match is_hostile(&html) {
        true => None,
        false => html2text::config::with_decorator(Decorator::default())
            .raw_mode(true)
            .no_link_wrapping()
            .allow_width_overflow()
            .string_from_read(html.as_bytes(), WIDTH)
            .ok(),
    };
    tidy(&rendered.unwrap_or_else(|| without_tags(&html)))
}

/// Blank runs and trailing blanks away.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.lines().map(|line| line.trim_end_matches([' ', '\t', '\r', '\u{a0}'])) {
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank <= 1 {
            out.push_str(line);
            out.push('\n');
        }
    }
    out.trim_matches('\n').to_owned()
}

/// Plain text as HTML, for mails that mix both.
pub(crate) fn from_text(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<div>{}</div>", escaped.replace("\r\n", "\n").replace('\n', "<br>\n"))
}

/// Openings of the quoted mail that leave no `> ` in the derived text: Outlook, Yahoo, Zimbra (`email.md §7`).
const WRAPPERS: &[&str] = &[
    "id=\"divrplyfwdmsg\"",
    "id=divrplyfwdmsg",
    "id=\"olk_src_body_section\"",
    "id=\"appendonsend\"",
    "border-top:solid #b5c4df",
    "border-top:solid #e1e1e1",
    "border:none;border-top:solid #",
    "data-marker=\"__divider__\"",
    "class=\"yahoo_quoted",
    "class=\"zmail_extra",
];

/// Puts [`HTML_QUOTE`] in front of the first element that wraps a quoted mail.
fn mark_quotes(html: &str) -> Cow<'_, str> {
    let lower = html.to_ascii_lowercase();
    let first = WRAPPERS.iter().filter_map(|wrapper| lower.find(wrapper)).min();
    match first.and_then(|at| lower[..at].rfind('<')) {
        Some(at) => Cow::Owned(format!("{}<div>{HTML_QUOTE}</div>{}", &html[..at], &html[at..])),
        None => Cow::Borrowed(html),
    }
}

/// The character set that HTML claims for itself in its first kilobyte.
pub(crate) fn stated_charset(html: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&html[..html.len().min(1024)]).to_ascii_lowercase();
    let rest = head.split_once("charset=")?.1;
    let label: String = rest
        .trim_start_matches(['"', '\'', ' '])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'))
        .collect();
    (!label.is_empty()).then_some(label)
}

const VOID: &[&str] = &["area", "base", "br", "col", "hr", "img", "input", "link", "meta", "wbr", "source", "param"];
/// Often left open, and closed by the parser: no sign of depth.
const SELF_CLOSING: &[&str] =
    &["p", "li", "td", "tr", "th", "dd", "dt", "option", "tbody", "thead", "tfoot", "html", "body", "head"];
const FORMATTING: &[&str] =
    &["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];

/// Whether the HTML nests so deeply that parsing or showing it would cost far more than its size.
fn is_hostile(html: &str) -> bool {
    let (mut depth, mut formatting) = (0_usize, 0_usize);
    for tag in html.split('<').skip(1) {
        let (closing, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
        let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
        let name = tag[..end.min(16)].to_ascii_lowercase();
        let name = name.as_str();
        if name.is_empty() || VOID.contains(&name) || SELF_CLOSING.contains(&name) {
            continue;
        }
        let step = |count: usize| if closing { count.saturating_sub(1) } else { count + 1 };
        depth = step(depth);
        if FORMATTING.contains(&name) {
            formatting = step(formatting);
        }
        if depth > MAX_DEPTH || formatting > MAX_FORMATTING {
            return true;
        }
    }
    false
}

/// Text of HTML that no parser is let near.
fn without_tags(html: &str) -> String {
    html.split('<')
        .enumerate()
        .map(|(at, piece)| if at == 0 { piece } else { piece.split_once('>').map_or("", |(_, text)| text) })
        .collect::<Vec<_>>()
        .join(" ")
}

/// How derived text looks: quotations with `> `, lists with `* `, link targets behind their text.
#[derive(Debug, Clone, Default)]
struct Decorator {
    link: String,
}

impl TextDecorator for Decorator {
    type Annotation = ();

    fn decorate_link_start(&mut self, url: &str) -> (String, ()) {
        let lower = url.to_ascii_lowercase();
        self.link =
            if lower.starts_with("http:") || lower.starts_with("https:") { url.to_owned() } else { String::new() };
        (String::new(), ())
    }

    fn decorate_link_end(&mut self) -> String {
        match std::mem::take(&mut self.link) {
            link if link.is_empty() => String::new(),
            link => format!(" <{link}>"),
        }
    }

    fn decorate_em_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_em_end(&self) -> String {
        String::new()
    }

    fn decorate_strong_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_strong_end(&self) -> String {
        String::new()
    }

    fn decorate_strikeout_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_strikeout_end(&self) -> String {
        String::new()
    }

    fn decorate_code_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_code_end(&self) -> String {
        String::new()
    }

    fn decorate_preformat_first(&self) {}

    fn decorate_preformat_cont(&self) {}

    fn decorate_image(&mut self, _src: &str, title: &str) -> (String, ()) {
        (if title.is_empty() { String::new() } else { format!("[{title}]") }, ())
    }

    fn header_prefix(&self, _level: usize) -> String {
        String::new()
    }

    fn quote_prefix(&self) -> String {
        "> ".to_owned()
    }

    fn unordered_item_prefix(&self) -> String {
        "* ".to_owned()
    }

    fn ordered_item_prefix(&self, number: i64) -> String {
        format!("{number}. ")
    }

    fn make_subblock_decorator(&self) -> Self {
        Self::default()
    }

    fn decorate_superscript_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_superscript_end(&self) -> String {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p9_nothing_active_survives() {
        let clean = sanitise(concat!(
            "<html><head><title>t</title><style>p{}</style><base href=x><meta http-equiv=refresh></head><body onload=x()>",
            "<p onclick=\"x()\" style=\"color:red;background:url(http://t.example/p.gif);position:fixed\">Hola</p>",
            "<script>x()</script><form action=http://e.example><input name=a></form><iframe src=http://e.example></iframe>",
            "<a href=\"javascript:x()\">uno</a><a href=\" JaVaScRiPt:x()\">dos</a><a href=\"https://e.example\">tres</a>",
            "<a href=\"data:text/html,x\">cuatro</a><svg><script>x()</script></svg><object data=x></object>",
            "<img src=\"https://t.example/p.gif\"><img src=\"CID:foto%40x\"><img src=\"data:image/png;base64,AA\">",
            "<img src=\"data:text/html,x\"><img src=x onerror=y()><img srcset=\"https://t.example/q.gif 2x\"></body></html>",
        ))
        .unwrap();
        for bad in [
            "script",
            "onclick",
            "onload",
            "onerror",
            "form",
            "iframe",
            "input",
            "javascript",
            "svg",
            "object",
            "position",
            "url(",
            "title",
            "data:text",
            "srcset",
            "base",
            "meta",
            "<style",
            " src=\"http",
        ] {
            assert!(!clean.to_lowercase().replace("base64", "").contains(bad), "{bad} in {clean}");
        }
        assert!(clean.contains("data-src=\"https://t.example/p.gif\""), "{clean}");
        assert!(clean.contains("src=\"cid:foto@x\"") && clean.contains("src=\"data:image/png;base64,AA\""), "{clean}");
        assert!(clean.contains("noopener") && clean.contains("target=\"_blank\""), "{clean}");
        assert!(clean.contains("color:red") || clean.contains("color: red"), "{clean}");
        assert_eq!(referenced_ids(&clean), ["foto@x"]);
    }

    #[test]
    fn text_is_derived() {
        let html = "<p>Hola <b>Ida</b>,</p><p>mira <a href=\"https://e.example/x\">esto</a><br>y esto:</p>\
                    <ul><li>uno<li>dos</ul><blockquote><p>antes</p></blockquote><table><tr><td>a<td>b</table>";
        assert_eq!(
            to_text(html),
            "Hola Ida,\n\nmira esto <https://e.example/x>\ny esto:\n* uno\n* dos\n\n> antes\n\na\nb"
        );
        assert_eq!(to_text(""), "");
        assert_eq!(stated_charset(b"<meta charset='koi8-r'>").as_deref(), Some("koi8-r"));
    }

    #[test]
    fn p8_html_bombs_are_refused_quickly() {
        let deep = "<div>".repeat(100_000);
        let fonts: String =
            (0..20_000).map(|n| format!("<font color={n}>")).chain((0..20_000).map(|_| "<p>x".to_owned())).collect();
        for bomb in [&deep, &fonts] {
            assert_eq!(sanitise(bomb), None);
            to_text(bomb);
        }
        let tables = "<table><tr><td>".repeat(500) + "x";
        sanitise(&tables);
        to_text(&tables);
        to_text(&"<p>".repeat(200_000));
        to_text(&"<td>".repeat(200_000));
    }
}
