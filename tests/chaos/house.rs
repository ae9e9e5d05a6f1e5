//! A house of real processes, seen by its command line and its database.

use std::{sync::Arc, time::Duration};

use relevo::store::{messages, tickets};

use super::platforms::{CUSTOMERS, Platforms, content};
use crate::{
    stories::house::{APP_SECRET, BOT_SECRET, PHONE},
    support::{Backend, Program, Relevo, until_within},
};

/// How long everything that was accepted may take to be applied, on a busy machine as well.
const APPLIED: Duration = Duration::from_secs(90);

pub(super) struct House<'a> {
    backend: &'a Backend,
    pub(super) relevo: Relevo,
    company: i64,
    pub(super) platforms: Arc<Platforms>,
    /// Each of them with its roles.
    pub(super) processes: Vec<(&'static str, Program)>,
}

impl<'a> House<'a> {
    /// A company with a WhatsApp number and a Telegram bot, and one process for each of these `roles`.
    pub(super) async fn open(backend: &'a Backend, relevo: Relevo, roles: &[&'static str]) -> Self {
        let company = relevo.json(&["company", "add", "Tienda Uno"]).await["id"].as_i64().expect("an id");
        let add = async |kind: &str, settings: &[String]| {
            let id = company.to_string();
            let mut arguments = vec!["channel", "add", kind, "--company", &id, "--name", "Canal"];
            settings.iter().for_each(|setting| arguments.extend(["--set", setting.as_str()]));
            relevo.json(&arguments).await["webhook_path"].as_str().expect("a path").to_owned()
        };
        add("whatsapp", &[format!("phone_number_id={PHONE}"), format!("app_secret={APP_SECRET}")]).await;
        let bot = add("telegram", &["bot_token=70001:AAfake".into(), format!("secret_token={BOT_SECRET}")]).await;
        let mut house = Self { backend, relevo, company, platforms: Platforms::new(bot), processes: Vec::new() };
        for roles in roles {
            let process = house.serve(roles);
            house.processes.push((roles, process));
        }
        house.introduce().await;
        house
    }

    pub(super) fn serve(&self, roles: &str) -> Program {
        self.relevo.start(&["serve", "--json", "--roles", roles])
    }

    /// Waits for every gateway and tells the platforms where they are.
    pub(super) async fn introduce(&mut self) {
        let mut gateways = Vec::new();
        for (roles, process) in &mut self.processes {
            if roles.contains("gateway") {
                gateways.push(process.address().await);
            }
        }
        self.platforms.find(gateways);
    }

    /// Waits until `wanted` more attempts count as what `count` gives.
    pub(super) async fn more(&self, what: &str, wanted: usize, count: impl Fn(&Platforms) -> usize) {
        let before = count(&self.platforms);
        until_within(APPLIED, &format!("{wanted} more attempts were {what}"), async || {
            count(&self.platforms) >= before + wanted
        })
        .await;
    }

    /// Waits until these messages, and no others, are there; in the order of their arrival, if they are of one second.
    pub(super) async fn assert_contents(&self, expected: &[&str]) {
        self.applied(i64::try_from(expected.len()).expect("a few")).await;
        let mut tx = self.backend.db.read().await.expect("a transaction");
        let mut said = Vec::new();
        if let Some(ticket) = tickets::find_by_number(&mut tx, self.company, 1).await.expect("a query") {
            let rows = messages::of_ticket(&mut tx, &ticket.id, 100).await.expect("its messages");
            said.extend(rows.into_iter().rev().map(|row| row.content));
        }
        assert_eq!(said, expected);
    }

    /// Waits until this many messages are there and nothing waits any more.
    async fn applied(&self, total: i64) {
        let db = &self.backend.db;
        until_within(APPLIED, &format!("{total} messages are there"), async || {
            let Ok(mut tx) = db.read().await else { return false };
            messages::count(&mut tx, self.company).await.is_ok_and(|count| count >= total)
        })
        .await;
        until_within(APPLIED, "nothing waits in the queue", async || {
            let depth = self.relevo.json(&["queue", "depth"]).await;
            assert_eq!(depth["dead"], 0, "no dead letters");
            depth["ready"] == 0 && depth["delayed"] == 0
        })
        .await;
        let mut tx = db.read().await.expect("a transaction");
        assert_eq!(messages::count(&mut tx, self.company).await.expect("a count"), total, "nothing but what was sent");
    }

    /// Waits until every accepted message has been applied, and looks at all there is: each message exactly once
    /// (P1, P2), one open ticket per conversation (P3), in order (P4), and nothing given up. `sent` is how many
    /// messages each customer wrote.
    pub(super) async fn assert_everything_is_there_once(&self, sent: &[(u32, i64)]) {
        let total: i64 = sent.iter().map(|(_, messages)| messages).sum();
        self.applied(total).await;
        let mut tx = self.backend.db.read().await.expect("a transaction");
        let states = tickets::counts(&mut tx, self.company).await.expect("counts");
        assert_eq!(states, [("open".to_owned(), i64::from(CUSTOMERS))], "one open ticket per conversation");
        let mut missing: Vec<(u32, i64)> = sent.to_vec();
        for number in 1..=i64::from(CUSTOMERS) {
            let ticket = tickets::find_by_number(&mut tx, self.company, number).await.expect("a query");
            let ticket = ticket.expect("ticket numbers have no gaps");
            let mut rows = messages::of_ticket(&mut tx, &ticket.id, total).await.expect("its messages");
            rows.reverse();
            let said: Vec<&str> = rows.iter().map(|row| row.content.as_str()).collect();
            let owner = missing.iter().position(|(user, _)| said.first() == Some(&content(*user, 0).as_str()));
            let (user, messages) = missing.remove(owner.unwrap_or_else(|| panic!("whose is {said:?}?")));
            let expected: Vec<String> = (0..messages).map(|n| content(user, n)).collect();
            assert_eq!(said, expected, "the conversation of customer {user}");
            assert_eq!(ticket.last_content.as_ref(), expected.last());
        }
    }
}
