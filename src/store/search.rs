//! Texts that hold a part, whether in capitals or not. The databases know different capitals (SQLite only those of ASCII,
//! PostgreSQL those of its locale), so what is looked for names both forms of each letter.

/// The condition that `$text` holds what [`part`] made of `$part`: everything does if that is empty.
macro_rules! holds {
    (sqlite, $text:literal, $part:literal) => {
        concat!($text, " GLOB '*' || ", $part, " || '*'")
    };
    (postgres, $text:literal, $part:literal) => {
        concat!($text, " ~ ", $part)
    };
}

/// A text with a form for each database: `$text!(sqlite)` and `$text!(postgres)`.
macro_rules! both {
    ($text:ident $(, $more:tt)*) => {
        $crate::store::Sql { sqlite: $text!(sqlite $(, $more)*), postgres: $text!(postgres $(, $more)*) }
    };
}

pub(super) use {both, holds};

/// Characters that are looked for: SQLite takes patterns of up to 50,000 bytes.
const LONGEST: usize = 1_000;

/// A part of a text, for [`holds`]: a set of characters for each of its characters, which GLOB and regular expressions
/// read alike.
pub(super) fn part(text: &str) -> String {
    text.chars().take(LONGEST).map(set).collect()
}

fn set(one: char) -> String {
    match one {
        // A set that began with it would be all others; no text holds the first of these two.
        '^' => "[\u{1}^]".to_owned(),
        // It escapes in a regular expression's set.
        '\\' => r"[\\]".to_owned(),
        one => {
            let others = [single(one.to_lowercase()), single(one.to_uppercase())];
            let others = others.into_iter().flatten().filter(|other| *other != one);
            format!("[{one}{}]", String::from_iter(others))
        }
    }
}

/// The form of a character that is one character.
fn single(mut form: impl Iterator<Item = char>) -> Option<char> {
    form.next().filter(|_| form.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_letter_is_looked_for_in_both_its_forms() {
        assert_eq!(part("Áñ 1"), "[Áá][ñÑ][ ][1]");
        assert_eq!(part("ß]"), "[ß][]]", "what has no single form stays as it is");
        assert_eq!(part(r"^\"), "[\u{1}^][\\\\]");
        assert_eq!(part(""), "");
    }
}
