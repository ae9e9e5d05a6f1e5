//! Nobody has to notice that an agent went home: the house looks by itself.

use std::time::Duration;

use relevo::{
    app::{App, Foundation, Role},
    domain::{OFFLINE, ONLINE},
    store::{
        groups::{self, Group},
        routing,
        tickets::Ticket,
        users::{self, User},
    },
};
use serde_json::json;

use super::house::{BOT_SECRET, House, update};
use crate::support::{Backend, for_each_backend, until};

for_each_backend! {
    an_agent_who_went_offline_loses_what_is_unanswered_by_itself: |backend| {
        // Given an automatic group of two, and a customer's ticket with the one who is there,
        let house = open(backend).await;
        let (eva, leo) = staff(&house).await;
        is(&house, "eva", ONLINE).await;
        assert_eq!(house.telegram(0, &update(1, 4401, 12, 1_780_000_001, "Hola")).await, 200);
        assert_eq!(house.tickets_after(1).await[0].agent_id, Some(eva));
        is(&house, "leo", ONLINE).await;
        // when she goes offline,
        is(&house, "eva", OFFLINE).await;
        // then after the grace it is the other's, and says why.
        let mut ticket = Ticket::default();
        until("it is given back", async || {
            ticket = house.tickets_after(1).await.remove(0);
            ticket.agent_id == Some(leo)
        })
        .await;
        assert_eq!((ticket.state.as_str(), ticket.previous_agent_id), ("inProgress", Some(eva)));
        let mut tx = house.base().db.read().await.expect("a transaction");
        let causes = routing::of_ticket(&mut tx, &ticket.id).await.expect("its decisions");
        let causes: Vec<&str> = causes.iter().map(|decision| decision.cause.as_str()).collect();
        assert_eq!(causes, ["opened", "agent_gone"]);
        drop(tx);
        house.close().await;
    }
}

/// A house that looks every second, and waits for nobody longer than that.
async fn open(backend: &Backend) -> House {
    let mut config = backend.config();
    config.routing.sweep = Duration::from_secs(1);
    config.routing.offline_grace = Duration::from_secs(1);
    let base = Foundation::open(config).await.expect("the foundation");
    let roles = [Role::Gateway, Role::Worker].into_iter().collect();
    let app = App::start(base, &roles).await.expect("a running app");
    let bot = vec![("bot_token", "70001:AAfakefakefakefakefakefakefakefakefa"), ("secret_token", BOT_SECRET)];
    House::furnish(vec![app], &[("telegram", bot)]).await
}

/// Eva and Leo, of the group of the channel, offline.
async fn staff(house: &House) -> (i64, i64) {
    let company = house.company;
    let mut tx = house.base().db.write().await.expect("a transaction");
    let group = Group {
        company_id: company,
        name: "Ventas".to_owned(),
        policy: "auto".to_owned(),
        timezone: "UTC".to_owned(),
        active: 1,
        ..Group::default()
    };
    let group = groups::insert(&mut tx, &group).await.expect("a group");
    let channel = house.channels["telegram"].id_channel;
    groups::link_channel(&mut tx, company, channel, group, false, 1).await.expect("a link");
    let mut ids = [0; 2];
    for (id, name) in ids.iter_mut().zip(["eva", "leo"]) {
        let user = User {
            company_id: company,
            email: format!("{name}@prueba.com"),
            name: name.to_owned(),
            role: "agent".to_owned(),
            capacity: 5,
            active: 1,
            presence_id: OFFLINE,
            ..User::default()
        };
        *id = users::insert(&mut tx, &user).await.expect("an agent");
        groups::add_member(&mut tx, group, *id).await.expect("a member");
    }
    tx.commit().await.expect("committed");
    (ids[0], ids[1])
}

async fn is(house: &House, name: &str, state: i64) {
    let body = json!({"mail": format!("{name}@prueba.com"), "esta_id": state});
    let (status, said) = house.post("/api/mundosocial/estadoconexion", &body).await;
    assert_eq!((status.as_u16(), &said["mensaje"]), (200, &json!("ok")), "{said}");
}
