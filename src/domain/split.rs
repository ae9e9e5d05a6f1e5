//! A text that is too long for one message becomes several.

use relevo_adapters::outbound::Length;
use unicode_segmentation::UnicodeSegmentation;

/// Splits `text` into parts that `length` holds: at an empty line if there is one in the second half of what fits,
/// else at the end of a line, of a sentence, of a word; within a word only if there is no other way, and never within
/// what people see as one character. No part is empty, and nothing but the white space at the cuts is lost.
pub fn split(text: &str, length: Length) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = if length.holds(rest) { rest.len() } else { cut(rest, length) };
        let (part, after) = rest.split_at(end);
        parts.push(part.trim_end().to_owned());
        rest = after.trim_start();
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Where the first part of a text that is too long ends, in bytes; never 0.
fn cut(text: &str, length: Length) -> usize {
    let fits = fitting(text, length);
    let head = &text[..fits];
    let late = |end: &usize| *end > fits / 2;
    ["\n\n", "\n"]
        .iter()
        .find_map(|end| head.rfind(end).filter(late))
        .or_else(|| {
            [". ", "! ", "? ", "… "]
                .iter()
                .filter_map(|end| head.rfind(end).map(|at| at + end.len() - 1))
                .max()
                .filter(late)
        })
        .or_else(|| text[fits..].starts_with(char::is_whitespace).then_some(fits))
        .or_else(|| head.rfind(char::is_whitespace).filter(|end| *end > 0))
        .unwrap_or(fits)
}

/// How many bytes of whole characters fit.
fn fitting(text: &str, length: Length) -> usize {
    let mut used = 0;
    for (start, character) in text.grapheme_indices(true) {
        used += length.of(character);
        if used > length.most() {
            return match start {
                // One character alone is too long for a message: then it is cut like nothing else is.
                0 => character.chars().next().map_or(text.len(), char::len_utf8),
                start => start,
            };
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_cuts_where_a_person_would() {
        let chars = |most| Length::Chars(most);
        assert_eq!(split("uno dos tres", chars(8)), ["uno dos", "tres"]);
        assert_eq!(split("uno dos tres", chars(7)), ["uno dos", "tres"]);
        assert_eq!(split("Primera. Segunda parte", chars(15)), ["Primera.", "Segunda parte"]);
        assert_eq!(split("línea uno\nlínea dos", chars(12)), ["línea uno", "línea dos"]);
        assert_eq!(split("abcdefgh", chars(3)), ["abc", "def", "gh"]);
        assert_eq!(split("  \n ", chars(3)), Vec::<String>::new());
        assert_eq!(split("hola", chars(4)), ["hola"]);
    }

    #[test]
    fn it_never_cuts_what_people_see_as_one_character() {
        let family = "👨‍👩‍👧";
        let text = family.repeat(3);
        assert_eq!(split(&text, Length::Utf16(10)), [family, family, family]);
        assert_eq!(split("e\u{301}e\u{301}", Length::Chars(3)), ["e\u{301}", "e\u{301}"]);
    }

    proptest! {
        #[test]
        fn every_part_fits_and_nothing_is_lost(text in "\\PC{0,200}", most in 1_usize..40) {
            for length in [Length::Chars(most), Length::Utf16(most + 1)] {
                let parts = split(&text, length);
                prop_assert!(parts.iter().all(|part| length.holds(part) && !part.is_empty()));
                let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
                prop_assert_eq!(bare(&parts.concat()), bare(&text));
            }
        }
    }
}
