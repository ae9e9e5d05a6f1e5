//! What people see of the demo.

use std::io::{self, IsTerminal, Write};

/// Characters of a line that are shown.
const WIDTH: usize = 100;

#[derive(Debug, Clone, Copy)]
pub(super) enum Ink {
    Plain,
    Bold,
    Faint,
    Green,
    Red,
    Yellow,
}

/// Writes lines as they happen, or nothing at all.
pub(super) struct Screen<'a> {
    out: Option<&'a mut dyn Write>,
    colour: bool,
}

impl std::fmt::Debug for Screen<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").field("visible", &self.out.is_some()).finish_non_exhaustive()
    }
}

impl<'a> Screen<'a> {
    /// For people: in colour if standard output is a terminal, and `NO_COLOR` does not say otherwise.
    pub(super) fn of(out: &'a mut dyn Write) -> Self {
        let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { out: Some(out), colour }
    }

    pub(super) fn blank() -> Self {
        Self { out: None, colour: false }
    }

    /// Whether anybody watches.
    pub(super) fn is_watched(&self) -> bool {
        self.out.is_some()
    }

    /// # Errors
    /// If nobody can see it any more.
    pub(super) fn line(&mut self, ink: Ink, text: &str) -> io::Result<()> {
        let Some(out) = &mut self.out else { return Ok(()) };
        let text = clip(&text.replace('\n', " ⏎ "));
        match (self.colour, code(ink)) {
            (true, Some(code)) => writeln!(out, "\x1b[{code}m{text}\x1b[0m")?,
            _ => writeln!(out, "{text}")?,
        }
        out.flush()
    }

    /// A text on as many lines as it needs, each behind so many spaces.
    ///
    /// # Errors
    /// If nobody can see it any more.
    pub(super) fn paragraph(&mut self, ink: Ink, indent: usize, text: &str) -> io::Result<()> {
        let mut line = String::new();
        for word in text.split_whitespace() {
            let width = indent + line.chars().count() + 1 + word.chars().count();
            if !line.is_empty() && width > WIDTH {
                self.line(ink, &format!("{:indent$}{line}", ""))?;
                line.clear();
            }
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(word);
        }
        self.line(ink, &format!("{:indent$}{line}", ""))
    }

    /// # Errors
    /// If nobody can see it any more.
    pub(super) fn title(&mut self, text: &str) -> io::Result<()> {
        self.line(Ink::Plain, "")?;
        self.line(Ink::Bold, text)
    }

    /// A call and its answer.
    ///
    /// # Errors
    /// If nobody can see it any more.
    pub(super) fn answer(&mut self, status: u16, millis: u128, channel: &str, about: &str) -> io::Result<()> {
        let ink = if (200..300).contains(&status) { Ink::Green } else { Ink::Red };
        self.line(ink, &format!("  {status} {millis:>4} ms  {channel:<9} {about}"))
    }
}

fn code(ink: Ink) -> Option<&'static str> {
    match ink {
        Ink::Plain => None,
        Ink::Bold => Some("1"),
        Ink::Faint => Some("2"),
        Ink::Green => Some("32"),
        Ink::Red => Some("31"),
        Ink::Yellow => Some("33"),
    }
}

fn clip(text: &str) -> String {
    match text.chars().count() > WIDTH {
        true => text.chars().take(WIDTH - 1).chain(['…']).collect(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_one_line_and_of_a_bearable_length() {
        let mut out = Vec::new();
        let mut screen = Screen { out: Some(&mut out), colour: true };
        screen.line(Ink::Red, "a\nb").unwrap();
        screen.line(Ink::Plain, &"ñ".repeat(500)).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "\u{1b}[31ma ⏎ b\u{1b}[0m");
        assert_eq!(lines[1].chars().count(), WIDTH);
        let mut out = Vec::new();
        Screen { out: Some(&mut out), colour: false }.paragraph(Ink::Faint, 4, &"palabra ".repeat(30)).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().all(|line| line.starts_with("    palabra") && line.chars().count() <= WIDTH), "{text}");
        assert_eq!((text.lines().count(), text.matches("palabra").count()), (3, 30));
        Screen::blank().line(Ink::Plain, "nobody sees it").unwrap();
    }
}
