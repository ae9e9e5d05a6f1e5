//! The words of HTML.

use std::borrow::Cow;

use html2text::render::TextDecorator;

use super::{MAX_HTML, is_hostile};
use crate::{email::quote::HTML_QUOTE, text};

/// Columns of derived text: so wide that only absurd lines are wrapped.
const WIDTH: usize = 2_000;

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
    fn text_is_derived() {
        let html = "<p>Hola <b>Ida</b>,</p><p>mira <a href=\"https://e.example/x\">esto</a><br>y esto:</p>\
                    <ul><li>uno<li>dos</ul><blockquote><p>antes</p></blockquote><table><tr><td>a<td>b</table>";
        assert_eq!(
            to_text(html),
            "Hola Ida,\n\nmira esto <https://e.example/x>\ny esto:\n* uno\n* dos\n\n> antes\n\na\nb"
        );
        assert_eq!(to_text(""), "");
    }
}
