//! Tickets as they come and go on, seen through the API.

use std::collections::BTreeMap;

use super::{
    api::{ApiClient, Ticket},
    screen::{Ink, Screen},
};

/// What was seen last.
#[derive(Debug, Default)]
pub(super) struct Watch {
    known: BTreeMap<String, Ticket>,
}

impl Watch {
    /// Looks at every ticket and tells what is new.
    ///
    /// # Errors
    /// If the API does not answer as documented.
    pub(super) async fn look(&mut self, api: &ApiClient, screen: &mut Screen<'_>) -> anyhow::Result<()> {
        let mut ids = api.open().await?;
        let closed = self.known.keys().filter(|id| !ids.contains(id)).cloned().collect::<Vec<_>>();
        ids.extend(closed);
        // UUIDs of version 7: in the order in which the tickets were opened.
        ids.sort_unstable();
        for id in ids {
            let ticket = api.ticket(&id).await?;
            if let Some((ink, news)) = news(self.known.get(&id), &ticket) {
                screen.line(ink, &format!("                    {news}"))?;
            }
            self.known.insert(id, ticket);
        }
        Ok(())
    }
}

fn news(before: Option<&Ticket>, now: &Ticket) -> Option<(Ink, String)> {
    let Ticket { identifier, social_network, .. } = now;
    let author = now.last_author.as_deref().filter(|name| !name.is_empty()).unwrap_or("somebody");
    let content = now.last_content.as_deref().unwrap_or_default();
    match before {
        None => Some((Ink::Yellow, format!("▸ ticket {identifier} opened ({social_network}, {author})"))),
        Some(before) if before == now => None,
        Some(before) if !before.is_closed && now.is_closed => {
            Some((Ink::Yellow, format!("▪ ticket {identifier} closed")))
        }
        Some(before) if before.is_closed && !now.is_closed => {
            Some((Ink::Yellow, format!("▸ ticket {identifier} opened again by {author}")))
        }
        Some(_) => Some((Ink::Faint, format!("· ticket {identifier} goes on: {author}: {content}"))),
    }
}
