//! Whose comment it was: Facebook does not say it of everybody (`facebook-comments.md §3.1`), people do later.

use crate::{Author, Authors, Identity, Scheme};

pub(super) const AUTHORS: Authors = Authors { names, author };

pub(super) const SCHEMES: &[Scheme] = &[Scheme { name: Identity::PSID, before: "", read }];

/// Characters of a Page-scoped id.
const LONGEST: usize = 32;

/// A comment is meant by its own id, or by that of the comment at its thread's root.
fn names(comment: &str) -> Vec<String> {
    vec![format!("m:{comment}"), format!("r:{comment}")]
}

/// The names of a commenter's thread say under which post it is: `r:<post>:<root comment>` while nobody says whose it
/// is, `c:<post>:<person>` from then on.
fn author(page: &str, names: &[String], person: &str) -> Option<Author> {
    if !is_id(person) || person == page {
        return None;
    }
    let post = |name: &String| {
        let thread = name.strip_prefix("r:").or_else(|| name.strip_prefix("c:"))?;
        thread.rsplit_once(':').map(|(post, _)| post.to_owned())
    };
    let mut aliases: Vec<String> = names.iter().filter_map(post).map(|post| format!("c:{post}:{person}")).collect();
    aliases.sort_unstable();
    aliases.dedup();
    Some(Author { identity: Identity::new(Identity::PSID, format!("{page}/{person}")), aliases })
}

/// People are named by their id on a Page, with the Page before it or on the Page that is named.
fn read(text: &str, account: Option<&str>) -> Option<String> {
    let (page, person) = text.split_once('/').or_else(|| Some((account?, text)))?;
    (is_id(page) && is_id(person)).then(|| format!("{page}/{person}"))
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_s_next_comment_under_the_post_finds_the_thread() {
        let names = ["m:555_906", "r:1001_555:555_906", "m:555_907", "c:1001_555:777"].map(str::to_owned);
        let found = author("1001", &names, "777").expect("a person");
        assert_eq!(found.identity, Identity::new("psid", "1001/777"));
        assert_eq!(found.aliases, ["c:1001_555:777"]);
        let without_post = author("1001", &["r:555_906".to_owned()], "777").expect("a person");
        assert_eq!(without_post.aliases, [] as [&str; 0]);
    }

    #[test]
    fn only_digits_name_a_person_and_never_the_page_itself() {
        for wrong in ["", "77a", "777/8", "1001", "-7", "٧", &"7".repeat(33)] {
            assert_eq!(author("1001", &[], wrong), None, "{wrong}");
        }
    }
}
