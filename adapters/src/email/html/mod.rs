//! HTML of mails: made harmless, and made text (`email.md §3`).

mod sanitise;
mod to_text;

pub(crate) use sanitise::{referenced_ids, sanitise, sanitise_outgoing};
pub(crate) use to_text::to_text;

/// HTML is cut to this before anything reads it, and what is kept is not longer; bytes.
pub(crate) const MAX_HTML: usize = 2 << 20;
/// Open elements at any point; deeper HTML is shown as its text only.
const MAX_DEPTH: usize = 600;
/// Open formatting elements: an HTML parser repeats them in every paragraph.
const MAX_FORMATTING: usize = 200;
/// Plain text as HTML, for mails that mix both.
pub(crate) fn from_text(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("<div>{}</div>", escaped.replace("\r\n", "\n").replace('\n', "<br>\n"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_may_state_its_character_set() {
        assert_eq!(stated_charset(b"<meta charset='koi8-r'>").as_deref(), Some("koi8-r"));
        assert_eq!(stated_charset(b"<p>"), None);
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
