//! The address of a long poll is a secret: what is said about it names its host only.

use relevo_adapters::text;
use reqwest::Url;

use crate::poller::trouble::Trouble;

/// Bytes of a platform's own words that are shown.
const WORDS: usize = 200;
/// A shorter piece of the path is no secret.
const SHORTEST_SECRET: usize = 8;

/// Speaks about a server without giving away its address.
#[derive(Clone)]
pub(super) struct Hush {
    host: String,
    /// What must not be said, the longest first.
    secrets: Vec<String>,
}

impl std::fmt::Debug for Hush {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Hush").field(&self.host).finish()
    }
}

impl Hush {
    pub(super) fn of(url: &str) -> Self {
        let parsed = Url::parse(url).ok();
        let host = parsed.as_ref().and_then(|url| url.host_str()).unwrap_or("the server").to_owned();
        let segments: Vec<&str> = url.split(['/', '?', '&']).skip(3).collect();
        // The last piece is the method; of the others, the token may be shown with or without what stands around it.
        let secrets = segments[..segments.len().saturating_sub(1)]
            .iter()
            .flat_map(|segment| {
                let bare = segment.trim_start_matches(|c: char| c.is_ascii_alphabetic());
                [*segment, bare, bare.split_once(':').map_or("", |(_, secret)| secret)]
            })
            .filter(|secret| secret.len() >= SHORTEST_SECRET)
            .map(str::to_owned)
            .collect();
        Self { host, secrets }
    }

    /// The platform's own words, made harmless.
    pub(super) fn words(&self, words: &str) -> String {
        let hushed = self.secrets.iter().fold(words.to_owned(), |words, secret| words.replace(secret, "****"));
        text::clean(&hushed, WORDS)
    }

    /// `<host> <what it does>`, as something that passes.
    pub(super) fn passing(&self, what: impl std::fmt::Display) -> Trouble {
        Trouble::Passing(format!("{} {what}", self.host))
    }

    /// `<host> <what it does>`, as something to mend.
    pub(super) fn setup(&self, what: impl std::fmt::Display) -> Trouble {
        Trouble::Setup(format!("{} {what}", self.host))
    }

    /// A request that had no answer.
    pub(super) fn unreachable(&self, error: reqwest::Error) -> Trouble {
        if error.is_timeout() {
            return self.passing("does not answer in time");
        }
        let error = error.without_url();
        let mut cause: &dyn std::error::Error = &error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        self.passing(format!("cannot be reached: {}", self.words(&cause.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p9_no_part_of_the_token_is_ever_said() {
        let hush = Hush::of("https://api.example.org/bot7001001:invented-secret/getUpdates");
        for words in [
            "Not Found: /bot7001001:invented-secret/getUpdates",
            "token 7001001:invented-secret is old",
            "invented-secret",
            "https://api.example.org/bot7001001:invented-secret/getUpdates",
        ] {
            let said = hush.words(words);
            assert!(!said.contains("invented") && !said.contains("7001001"), "{said}");
        }
        assert_eq!(hush.words("Conflict: can't use getUpdates"), "Conflict: can't use getUpdates");
        assert!(!format!("{hush:?}").contains("invented"));
        let Trouble::Passing(text) = hush.passing("answers 502") else { panic!() };
        assert_eq!(text, "api.example.org answers 502");
    }
}
