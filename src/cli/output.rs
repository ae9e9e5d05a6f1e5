//! Results to standard output, errors to standard error.

use std::io::Write;

use serde::Serialize;
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(super) fn is_json(self) -> bool {
        self.json
    }

    /// Prints a result: `text` for people, `value` with `--json`.
    pub(super) fn result(self, value: &impl Serialize, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        let line = if self.json { serde_json::to_string_pretty(value)? } else { text() };
        let mut out = std::io::stdout().lock();
        match writeln!(out, "{}", line.trim_end()).and_then(|()| out.flush()) {
            // Whoever read us (head, less) has enough.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            done => Ok(done?),
        }
    }

    pub(super) fn error(self, error: &anyhow::Error) {
        let mut err = std::io::stderr().lock();
        let message = format!("{error:#}");
        let line = if self.json { json!({"error": message}).to_string() } else { format!("error: {message}") };
        // If standard error is gone there is nobody to tell.
        _ = writeln!(err, "{line}");
    }
}

/// Rows as aligned columns under their headings.
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return "none".to_owned();
    }
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> =
        headings.iter().enumerate().map(|(column, heading)| width(column).max(heading.len())).collect();
    let line = |cells: Vec<&str>| {
        let cells: Vec<String> =
            cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}", width = *width)).collect();
        cells.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![line(headings.to_vec())];
    lines.extend(rows.iter().map(|row| line(row.iter().map(String::as_str).collect())));
    lines.join("\n")
}

/// A moment for people: UTC.
pub(super) fn moment(at: Option<i64>) -> String {
    let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    at.and_then(|at| time::OffsetDateTime::from_unix_timestamp(at / 1000).ok())
        .and_then(|moment| moment.format(&format).ok())
        .unwrap_or_else(|| "-".to_owned())
}

/// A JSON text as a value; text that is none as a string.
pub(super) fn json_or_text(text: Option<&str>) -> Value {
    text.map_or(Value::Null, |text| serde_json::from_str(text).unwrap_or_else(|_| text.into()))
}
