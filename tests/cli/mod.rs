//! The command line as its user types it: what it answers, how it ends, and what it never says.

mod channels;
mod companies;
mod configuration;
mod demo;
mod jobs;
mod operate;
mod queue;
mod serve;
mod subscriptions;
mod users;
mod words;

use serde_json::Value;

use crate::support::{Backend, DatabaseKind, Ended, QueueKind, Relevo, run};

/// A story of the embedded database, where the other one makes no difference.
fn on_sqlite(story: impl AsyncFnOnce(&Backend)) {
    run(DatabaseKind::Sqlite, QueueKind::Table, story);
}

/// The command fails with this exit code, says nothing on standard output, and one line on standard error that has all
/// of `words`; with `--json` too, as a document.
async fn refused(relevo: &Relevo, arguments: &[&str], code: i32, words: &[&str]) {
    let plain = relevo.run(arguments).await;
    assert_refused(&plain, code, words);
    assert!(plain.err.starts_with("error: "), "{plain}");
    assert_eq!(plain.err.lines().count(), 1, "{plain}");
    let ended = relevo.run(&[arguments, &["--json"]].concat()).await;
    assert_refused(&ended, code, words);
    let document: Value = serde_json::from_str(&ended.err).unwrap_or_else(|_| panic!("no JSON document: {ended}"));
    assert_eq!(document["error"], plain.err.trim_end()["error: ".len()..], "{ended}");
}

/// The command was typed wrongly: exit code 2, and standard error has all of `words`.
async fn misused(relevo: &Relevo, arguments: &[&str], words: &[&str]) {
    assert_refused(&relevo.run(arguments).await, 2, words);
}

fn assert_refused(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!((ended.code(), ended.out.as_str()), (Some(code), ""), "{ended}");
    for word in words {
        assert!(ended.err.contains(word), "{word:?} is missing: {ended}");
    }
}

/// What a successful command prints for people; nothing is on standard error.
async fn text(relevo: &Relevo, arguments: &[&str]) -> String {
    let ended = relevo.run(arguments).await;
    assert_eq!((ended.code(), ended.err.as_str()), (Some(0), ""), "{arguments:?}: {ended}");
    ended.out
}

/// The cells of a printed table's lines, after its headings.
fn rows(table: &str) -> Vec<Vec<&str>> {
    table
        .lines()
        .skip(1)
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect()
}
