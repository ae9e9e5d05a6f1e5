//! HTML that a browser may show.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use super::{MAX_HTML, is_hostile};
use crate::text;

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
    clean(html, "data-src=\"")
}

/// The same for HTML of our own that goes out: the images that it shows from the web are ours, and stay.
pub(crate) fn sanitise_outgoing(html: &str) -> Option<String> {
    clean(html, "src=\"")
}

/// `remote`: what a remote image's URL stands behind.
fn clean(html: &str, remote: &str) -> Option<String> {
    let html = text::truncate(html, MAX_HTML);
    if is_hostile(html) {
        return None;
    }
    let clean = SANITISER.clean(html).to_string().replace(&format!("src=\"{BLOCKED}"), remote);
    let clean = text::clean(clean.trim(), MAX_HTML);
    (!clean.is_empty()).then_some(clean)
}

/// The `Content-ID`s that sanitised HTML shows.
pub(crate) fn referenced_ids(clean: &str) -> Vec<String> {
    let ids = clean.split("src=\"cid:").skip(1).filter_map(|rest| rest.split('"').next());
    ids.map(|id| id.replace("&amp;", "&")).collect()
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
}
