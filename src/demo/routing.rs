//! Agents come: in one group tickets are given out, in the other they are asked for.

use std::collections::BTreeSet;

use anyhow::Context;
use serde_json::{Value, json};

use super::{screen::Ink, show::Show};
use crate::desk::{
    clients::Role,
    users::{self, NewUser},
};

/// How often each of the two who ask is given a ticket.
const PULLS: usize = 3;
/// Tickets that an agent may have at once.
const CAPACITY: i64 = 5;

impl Show<'_, '_> {
    /// Groups, agents and "siguiente ticket", over the API.
    pub(super) async fn routing(&mut self) -> anyhow::Result<()> {
        self.screen
            .title("Agents come online: one group gives tickets out, in the other agents ask for the next one")?;
        let (whatsapp, facebook) = (self.house.channels.whatsapp.id, self.house.channels.facebook.id);
        let asking = self.group("Ventas", "manual", whatsapp).await?;
        let giving = self.group("Reclamos", "auto", facebook).await?;
        for name in ["Ana", "Luis"] {
            self.agent(name, asking).await?;
            self.comes_online(name).await?;
        }
        let mut given = BTreeSet::new();
        for turn in 0..2 * PULLS {
            let name = ["Ana", "Luis"][turn % 2];
            given.insert(self.next_ticket(name).await?);
        }
        self.verdict.equal("different tickets that were asked for", &(2 * PULLS), &given.len());
        self.agent("Eva", giving).await?;
        let got = self.comes_online("Eva").await?;
        self.verdict.equal("whether who came online was given tickets", &true, &(1..=CAPACITY).contains(&got));
        self.explanation(given.first().copied().unwrap_or_default()).await?;
        self.assigned = given.len() as u64 + got.unsigned_abs();
        Ok(())
    }

    async fn group(&mut self, name: &str, policy: &str, channel: i64) -> anyhow::Result<i64> {
        let body = json!({"grup_nombre": name, "grup_politica": policy});
        let made = self.house.api.post("/api/mundosocial/grupo", &body).await?;
        let group = made["grupo"]["grup_id"].as_i64().context("a group has no grup_id")?;
        let link = json!({"grup_id": group, "cuen_id": channel, "cagr_usa_bot": false});
        self.house.api.post("/api/mundosocial/canalgrupo", &link).await?;
        let way = if policy == "auto" { "tickets are given out" } else { "agents ask for the next one" };
        self.screen.line(Ink::Plain, &format!("  group {name}: {way}"))?;
        Ok(group)
    }

    async fn agent(&mut self, name: &str, group: i64) -> anyhow::Result<()> {
        let base = self.house.app.foundation();
        let mut tx = base.db.write().await?;
        let new = NewUser {
            company: self.house.company,
            email: mail(name),
            name: name.to_owned(),
            code: None,
            phone: None,
            role: Role::Agent,
            password_hash: None,
            department: None,
            capacity: Some(CAPACITY),
            active: true,
            picture: None,
        };
        let user = users::add(&mut tx, &base.clock, new).await?;
        tx.commit().await?;
        let member = json!({"usua_id": user.id, "grupos": [group]});
        self.house.api.post("/api/mundosocial/grupousuario", &member).await.map(drop)
    }

    /// Gives how many tickets the agent got by that.
    async fn comes_online(&mut self, name: &str) -> anyhow::Result<i64> {
        let body = json!({"mail": mail(name), "esta_id": 1});
        let said = self.house.api.post("/api/mundosocial/estadoconexion", &body).await?;
        let got = said["asignados"].as_i64().unwrap_or_default();
        let gets = if got > 0 { format!(" and gets the {got} that have waited longest") } else { String::new() };
        self.screen.line(Ink::Green, &format!("  {name} comes online{gets}"))?;
        Ok(got)
    }

    /// Gives the number of the ticket.
    async fn next_ticket(&mut self, name: &str) -> anyhow::Result<i64> {
        let said = self.house.api.post("/api/mundosocial/siguienteticket", &json!({"mail": mail(name)})).await?;
        let ticket = &said["ticket"];
        let number = ticket["tick_id"].as_i64().context("nothing waits for who asks")?;
        let author = ticket["tick_ultimo_autor"].as_str().unwrap_or("somebody");
        self.screen.line(Ink::Yellow, &format!("  siguiente ticket → {name}: ticket {number} ({author})"))?;
        Ok(number)
    }

    /// Why a ticket went where it is.
    async fn explanation(&mut self, number: i64) -> anyhow::Result<()> {
        let path = format!("/api/mundosocial/ticket/asignacion?tick_id={number}");
        let said: Value = self.house.api.get(&path).await?;
        self.screen.line(Ink::Plain, &format!("  why ticket {number} is where it is (GET {path}):"))?;
        let decisions = said["decisiones"].as_array().filter(|all| !all.is_empty()).context("nobody says why")?;
        for decision in decisions {
            for step in decision["explicacion"]["pasos"].as_array().into_iter().flatten() {
                self.screen.paragraph(Ink::Faint, 4, step["texto"].as_str().unwrap_or_default())?;
            }
        }
        Ok(())
    }
}

fn mail(name: &str) -> String {
    format!("{}@casaluma.example", name.to_lowercase())
}
