//! A company with groups and agents, and customers who write.

use relevo::{
    desk::{presence, routing as desk},
    domain::{NEW_CAPACITY, OFFLINE as GONE, routing::Explanation},
    store::{
        events::{self, Cursor, EventRow},
        groups::{self, Group},
        routing, tickets,
        tickets::Ticket,
        users::{self, User},
    },
};
use serde_json::{Value, json};

use crate::api::house::{House, Reply, START, Tenant};

pub(crate) const ONLINE: i64 = 1;
pub(crate) const LUNCH: i64 = 3;
pub(crate) const OFFLINE: i64 = GONE;

pub(crate) struct Scene<'a> {
    pub(crate) house: &'a House,
    pub(crate) tenant: Tenant,
    pub(crate) channel: i64,
}

impl<'a> Scene<'a> {
    pub(crate) async fn open(house: &'a House) -> Self {
        let tenant = house.tenant().await;
        let channel = house.channel(&tenant, "telegram").await;
        Self { house, tenant, channel }
    }

    /// A group that serves the channel, after those that do already.
    pub(crate) async fn group(&self, name: &str, policy: &str) -> i64 {
        self.group_with(name, policy, |_| {}).await
    }

    pub(crate) async fn group_with(&self, name: &str, policy: &str, change: impl FnOnce(&mut Group)) -> i64 {
        let mut group = Group {
            company_id: self.tenant.id,
            name: name.to_owned(),
            policy: policy.to_owned(),
            self_assign: 1,
            timezone: "America/Santiago".to_owned(),
            active: 1,
            created_at: START,
            ..Group::default()
        };
        change(&mut group);
        self.house
            .write(async |tx| {
                let id = groups::insert(tx, &group).await.unwrap();
                let company = self.tenant.id;
                groups::link_channel(tx, company, self.channel, id, true, id).await.unwrap();
                id
            })
            .await
    }

    /// An agent of these groups, who is offline.
    pub(crate) async fn agent(&self, name: &str, of: &[i64]) -> i64 {
        self.agent_with(name, of, NEW_CAPACITY).await
    }

    pub(crate) async fn agent_with(&self, name: &str, of: &[i64], capacity: i64) -> i64 {
        let user = User {
            company_id: self.tenant.id,
            email: mail(name),
            name: name.to_owned(),
            role: "agent".to_owned(),
            capacity,
            active: 1,
            presence_id: OFFLINE,
            presence_at: self.house.clock.now(),
            created_at: START,
            ..User::default()
        };
        self.house
            .write(async |tx| {
                let id = users::insert(tx, &user).await.unwrap();
                for group in of {
                    groups::add_member(tx, *group, id).await.unwrap();
                }
                id
            })
            .await
    }

    pub(crate) async fn is(&self, agent: i64, state: i64) {
        let (clock, company) = (&self.house.clock, self.tenant.id);
        self.house
            .write(async |tx| presence::set(tx, clock, company, agent, state, None).await.map(drop).unwrap())
            .await;
    }

    /// An agent who is online.
    pub(crate) async fn online(&self, name: &str, of: &[i64], capacity: i64) -> i64 {
        let id = self.agent_with(name, of, capacity).await;
        self.is(id, ONLINE).await;
        id
    }

    /// A customer writes, and a second passes; gives the ticket.
    pub(crate) async fn writes(&self, customer: &str) -> Ticket {
        let event = self.tenant.says(self.channel, customer, self.house.clock.now(), "Hola");
        self.house.apply(&[event]).await;
        let ticket = self.latest().await;
        self.house.clock.advance(1_000);
        ticket
    }

    async fn latest(&self) -> Ticket {
        self.tickets().await.into_iter().max_by_key(|ticket| ticket.updated_at).unwrap()
    }

    /// The company's tickets, by number.
    pub(crate) async fn tickets(&self) -> Vec<Ticket> {
        let mut tx = self.house.db.read().await.unwrap();
        let mut all = Vec::new();
        while let Some(ticket) = tickets::find_by_number(&mut tx, self.tenant.id, all.len() as i64 + 1).await.unwrap() {
            all.push(ticket);
        }
        all
    }

    /// The numbers of the tickets that agents have.
    pub(crate) async fn given(&self) -> Vec<i64> {
        self.tickets().await.into_iter().filter(|ticket| ticket.state == "inProgress").map(|it| it.number).collect()
    }

    pub(crate) async fn ticket(&self, number: i64) -> Ticket {
        let mut tx = self.house.db.read().await.unwrap();
        tickets::find_by_number(&mut tx, self.tenant.id, number).await.unwrap().unwrap()
    }

    /// `(state, owner)` of the ticket of this number.
    pub(crate) async fn owner(&self, number: i64) -> (String, Option<i64>) {
        let ticket = self.ticket(number).await;
        (ticket.state, ticket.agent_id)
    }

    /// `(cause, outcome, agent)` of every decision about a ticket, with the explanation of the last one.
    pub(crate) async fn decisions(&self, number: i64) -> (Vec<(String, String, Option<i64>)>, Explanation) {
        let ticket = self.ticket(number).await;
        let rows = routing::of_ticket(&mut self.house.db.read().await.unwrap(), &ticket.id).await.unwrap();
        let last = serde_json::from_str(&rows.last().unwrap().explanation).unwrap();
        (rows.into_iter().map(|row| (row.cause, row.outcome, row.agent_id)).collect(), last)
    }

    /// What was told of a ticket, oldest first.
    pub(crate) async fn told(&self, number: i64) -> Vec<EventRow> {
        let ticket = self.ticket(number).await;
        let end = Cursor { tx: i64::MAX, id: i64::MAX };
        let mut tx = self.house.db.read().await.unwrap();
        let rows = events::between(&mut tx, self.tenant.id, Cursor::default(), end, 10_000).await.unwrap();
        rows.into_iter().filter(|row| row.ticket_id.as_ref() == Some(&ticket.id)).collect()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.house.post(&self.tenant.client, &format!("/api/mundosocial/{path}"), &body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.house.get(&self.tenant.client, &format!("/api/mundosocial/{path}")).await
    }

    pub(crate) async fn next(&self, name: &str) -> Reply {
        self.post("siguienteticket", json!({"mail": mail(name)})).await
    }

    pub(crate) async fn close(&self, number: i64) {
        ok(&self.post("ticket/cerrar", json!({"tick_id": number, "motivo": "solo_informacion"})).await);
    }

    pub(crate) async fn sweep(&self) -> desk::Swept {
        let grace = std::time::Duration::from_secs(120);
        desk::sweep(&self.house.db, &self.house.clock, grace).await.unwrap()
    }
}

pub(crate) fn mail(name: &str) -> String {
    format!("{}@prueba.com", name.to_lowercase())
}

#[track_caller]
pub(crate) fn ok(reply: &Reply) -> Value {
    let body = reply.json();
    assert_eq!((reply.status.as_u16(), &body["mensaje"]), (200, &json!("ok")), "{body}");
    body
}

/// It was refused in the nested form (MS "Autoasignación"); gives what was said.
#[track_caller]
pub(crate) fn nested(reply: &Reply) -> String {
    let body = reply.json();
    let text = body["error"]["detalleRespuesta"]["mensaje"].as_str().unwrap_or_default().to_owned();
    let detail = json!({"mensaje": text, "0": ""});
    let error = json!({"codigoRespuesta": 0, "descripcionRespuesta": "Error", "detalleRespuesta": detail});
    assert_eq!((reply.status.as_u16(), body), (400, json!({"error": error, "codigo": 400})));
    text
}

/// It was refused in the short form (MS "Buscar Siguiente Ticket"); gives what was said.
#[track_caller]
pub(crate) fn brief(reply: &Reply) -> String {
    let body = reply.json();
    let text = body["mensaje"].as_str().unwrap_or_default().to_owned();
    assert_eq!((reply.status.as_u16(), body), (400, json!({"mensaje": text})));
    text
}
