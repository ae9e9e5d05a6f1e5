//! What there is, beside what there must be.

use std::collections::BTreeMap;

use super::{
    ledger::Tally,
    report::{Comparison, DemoReport, Files, Outbound},
    screen::Ink,
    show::Show,
};
use crate::store::{dead_letters, jobs, messages, tickets};

/// Messages of a ticket that are looked at.
const MOST: i64 = 10_000;

impl Show<'_, '_> {
    /// Compares what there is with what there must be.
    pub(super) async fn conclude(mut self) -> anyhow::Result<DemoReport> {
        let (channels, reopened) = self.count().await?;
        self.verdict.compare(&channels);
        let stored = self.fetched_files().await?.values().sum();
        let files = Files { expected: self.files.len() as u64, stored };
        self.verdict.equal("fetched files", &files.expected, &files.stored);
        let outbound = self.compare_platforms().await?;
        let base = self.house.app.foundation();
        let mut tx = base.db.read().await?;
        let dead_letters = dead_letters::count(&mut tx).await?.unsigned_abs();
        let in_database = messages::count(&mut tx, self.house.company).await?.unsigned_abs();
        drop(tx);
        let sent: u64 = channels.values().map(|channel| channel.expected.messages).sum();
        self.verdict.equal("messages in the database", &sent, &in_database);
        self.verdict.equal("dead letters", &1, &dead_letters);
        self.verdict.equal("reopened tickets", &1, &reopened);
        let report = DemoReport {
            proven: self.verdict.mismatches.is_empty(),
            mismatches: self.verdict.mismatches,
            webhooks: self.webhooks,
            fetched: self.fetched,
            duplicates: self.ledger.duplicates,
            channels,
            reopened,
            assigned: self.assigned,
            dead_letters,
            files,
            outbound,
            seconds: (self.started.elapsed().as_secs_f64() * 1_000.0).round() / 1_000.0,
        };
        self.screen.title("What the API shows")?;
        for line in report.table() {
            self.screen.line(Ink::Plain, &line)?;
        }
        self.screen.line(Ink::Plain, "")?;
        match report.proven {
            true => {
                self.screen.line(Ink::Green, "Everything that was accepted had exactly one effect.")?;
                let words = "Everything that agents sent is at its platform exactly once, or says why it is not.";
                self.screen.line(Ink::Green, words)?;
            }
            false => {
                for mismatch in &report.mismatches {
                    self.screen.line(Ink::Red, &format!("NOT AS EXPECTED  {mismatch}"))?;
                }
            }
        }
        Ok(report)
    }

    /// Shows what became of customers' files.
    pub(super) async fn customers_files(&mut self) -> anyhow::Result<()> {
        self.screen
            .title("Customers' files: fetched from their platforms by the ids in the webhooks, checked and stored")?;
        for ((kind, mime), count) in self.fetched_files().await? {
            self.screen.line(Ink::Green, &format!("  {kind:<9} {count} × {mime}"))?;
        }
        Ok(())
    }

    /// Files of customers that were with a platform and are stored here: kind of channel and MIME type → how many.
    async fn fetched_files(&self) -> anyhow::Result<BTreeMap<(&'static str, String), u64>> {
        let base = self.house.app.foundation();
        let mut files = BTreeMap::new();
        // A mail brings its files with it.
        for kind in ["facebook", "telegram", "whatsapp"] {
            for id in self.house.api.of_kind(kind, base.clock.now()).await? {
                let mut tx = base.db.read().await?;
                let rows = messages::of_ticket(&mut tx, &id, MOST).await?;
                let theirs: Vec<&str> =
                    rows.iter().filter(|row| row.direction == "in").map(|row| row.id.as_str()).collect();
                for file in messages::attachments(&mut tx, &theirs).await? {
                    if file.state == "stored" {
                        *files.entry((kind, file.mime.unwrap_or_default())).or_default() += 1;
                    }
                }
            }
        }
        Ok(files)
    }

    /// Every message of ours beside the ledger of its platform.
    async fn compare_platforms(&mut self) -> anyhow::Result<Outbound> {
        let outside = &self.house.outside;
        let mut messages = Vec::new();
        for going in &self.outbox {
            let trail = self.house.trail(&going.id).await?;
            messages.push(going.judge(&trail, outside, &mut self.verdict));
        }
        let mut tx = self.house.app.foundation().db.read().await?;
        let outbound = Outbound {
            at_platforms: outside.delivered(),
            pressed: self.presses,
            answered: outside.presses_answered(),
            dead_jobs: jobs::dead_ids(&mut tx).await?.len() as u64,
            ..Outbound::of(messages)
        };
        outbound.judge(&mut self.verdict);
        Ok(outbound)
    }

    /// Tickets and messages by kind of channel as the API lists them, and how often tickets were opened again.
    async fn count(&self) -> anyhow::Result<(BTreeMap<String, Comparison>, u64)> {
        let base = self.house.app.foundation();
        let mut channels = BTreeMap::new();
        let mut reopened = 0;
        for kind in ["whatsapp", "telegram", "email", "facebook"] {
            let mut seen = Tally::default();
            for id in self.house.api.of_kind(kind, base.clock.now()).await? {
                seen.tickets += 1;
                seen.messages += u64::try_from(self.house.api.messages(&id).await?.len())?;
                let mut tx = base.db.read().await?;
                for row in messages::of_ticket(&mut tx, &id, MOST).await? {
                    *seen.kinds.entry(row.kind).or_default() += 1;
                }
                let ticket = tickets::find(&mut tx, self.house.company, &id).await?;
                reopened += ticket.map_or(0, |ticket| ticket.reopened.unsigned_abs());
            }
            let expected = self.ledger.kinds.get(kind).cloned().unwrap_or_default();
            channels.insert(kind.to_owned(), Comparison { expected, seen });
        }
        Ok((channels, reopened))
    }
}
