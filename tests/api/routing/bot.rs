//! Bots: they have a ticket first, hand it over, or lose it.

use relevo::{
    desk::routing,
    store::{
        channels::{self, ChannelRow},
        events, groups, jobs, links,
        subscriptions::{self, Subscription},
    },
};
use relevo_adapters::{Content, Message};
use serde_json::json;

use super::scene::{OFFLINE, Scene, ok};
use crate::api::house::House;

on_both_databases! {
    a_bot_has_a_new_ticket_until_it_hands_it_over
    a_bot_whose_time_is_up_loses_its_ticket_to_people
    a_bot_that_fails_loses_its_tickets_and_gets_no_new_ones
    a_link_without_bot_goes_to_people
    what_a_bot_said_is_no_answer_of_the_agent
    what_reopens_beside_what_opens_is_its_bots
    what_reopens_in_the_channels_second_group_is_its_bots_too
    a_bot_that_ends_leaves_each_ticket_once
    who_asks_for_no_automatic_answer_goes_to_people
}

const MINUTE: i64 = 60_000;

/// A channel that uses a bot, which may have a ticket for five minutes.
async fn with_bot(scene: &Scene<'_>) -> i64 {
    let (channel, company, now) = (scene.channel, scene.tenant.id, scene.house.clock.now());
    let row = Subscription {
        company_id: company,
        kind: "bot".to_owned(),
        name: "Bot".to_owned(),
        url: "https://bot.example.org".to_owned(),
        secret: "sealed".to_owned(),
        events: "[]".to_owned(),
        timeout_ms: 5 * MINUTE,
        active: 1,
        ..Subscription::default()
    };
    scene
        .house
        .write(async |tx| {
            assert!(links::set_uses_bot(tx, company, channel, true, now).await.unwrap());
            subscriptions::insert(tx, &row).await.unwrap()
        })
        .await
}

/// The bot does not answer, so often that it is taken for broken.
async fn fails(house: &House, bot: i64) {
    let now = house.clock.now();
    house
        .write(async |tx| {
            for _ in 0..3 {
                subscriptions::failed(tx, bot, "sin respuesta", now).await.unwrap();
            }
        })
        .await;
}

/// The kinds of the events that the bot is to be told, in order.
async fn told(scene: &Scene<'_>) -> Vec<String> {
    let mut tx = scene.house.db.read().await.unwrap();
    let waiting = jobs::list(&mut tx, "ready", 100).await.unwrap();
    let mut kinds = Vec::new();
    for job in waiting.into_iter().filter(|job| job.kind == "relay") {
        let payload: serde_json::Value = serde_json::from_str(&job.payload).unwrap();
        let event = events::find(&mut tx, payload["event"].as_i64().unwrap()).await.unwrap().unwrap();
        kinds.push((job.id, event.kind));
    }
    kinds.sort();
    kinds.into_iter().map(|(_, kind)| kind).collect()
}

async fn a_bot_has_a_new_ticket_until_it_hands_it_over(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let bot = with_bot(&scene).await;
    let eva = scene.online("Eva", &[group], 5).await;
    let ticket = scene.writes("a").await;
    assert_eq!((ticket.bot_id, ticket.agent_id, ticket.state.as_str()), (Some(bot), None, "open"));
    assert_eq!(told(&scene).await, ["ticket.bot_assigned", "message.received"], "what it has, and what was written");
    assert_eq!(scene.decisions(1).await.0, [("opened".into(), "bot".into(), None)]);
    assert!(scene.next("Eva").await.json()["ticket"].is_null(), "nobody pulls what a bot has");
    scene.sweep().await;
    assert_eq!(scene.ticket(1).await.bot_id, Some(bot));
    ok(&scene.post("cambiargrupo", json!({"tick_id": 1, "grup_id": group})).await);
    let ticket = scene.ticket(1).await;
    assert_eq!((ticket.bot_id, ticket.agent_id), (None, Some(eva)));
    assert_eq!(told(&scene).await.last().map(String::as_str), Some("ticket.bot_released"));
    scene.writes("a").await;
    assert_eq!(told(&scene).await.len(), 3, "what a person has is none of its business");
}

async fn a_bot_whose_time_is_up_loses_its_ticket_to_people(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    with_bot(&scene).await;
    let eva = scene.online("Eva", &[group], 5).await;
    scene.writes("a").await;
    house.clock.advance(5 * MINUTE - 2_000);
    assert_eq!(scene.sweep().await.from_bots, 0);
    house.clock.advance(2_000);
    assert_eq!(scene.sweep().await.from_bots, 1);
    assert_eq!(scene.owner(1).await, ("inProgress".into(), Some(eva)));
    assert_eq!(scene.decisions(1).await.0[1], ("bot_timeout".into(), "assigned".into(), Some(eva)));
}

async fn a_bot_that_fails_loses_its_tickets_and_gets_no_new_ones(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    let bot = with_bot(&scene).await;
    scene.writes("a").await;
    let now = house.clock.now();
    fails(house, bot).await;
    assert_eq!(scene.sweep().await.from_bots, 1);
    let (decisions, _) = scene.decisions(1).await;
    assert_eq!(decisions[1], ("bot_failed".into(), "queued".into(), None));
    let ticket = scene.writes("b").await;
    assert_eq!((ticket.bot_id, ticket.group_id), (None, Some(group)));
    let (_, why) = scene.decisions(2).await;
    assert!(why.pasos.iter().any(|step| step.paso == "bot" && step.texto.contains("no hay ninguno")), "{why:?}");
    house.write(async |tx| subscriptions::succeeded(tx, bot, now).await.unwrap()).await;
    assert_eq!(scene.writes("c").await.bot_id, Some(bot), "once it answers again");
}

async fn a_link_without_bot_goes_to_people(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "manual").await;
    with_bot(&scene).await;
    let cagr_id = ok(&scene.get(&format!("canalgrupo?grup_id={group}")).await)["data"][0]["cagr_id"].clone();
    let body = json!({"cagr_id": cagr_id, "grup_id": group, "cuen_id": scene.channel, "cagr_usa_bot": false});
    ok(&scene.post("canalgrupo/update", body).await);
    let ticket = scene.writes("a").await;
    assert_eq!((ticket.bot_id, ticket.group_id), (None, Some(group)));
    // A ticket that is closed under its bot tells the bot.
    let body = json!({"cagr_id": cagr_id, "grup_id": group, "cuen_id": scene.channel, "cagr_usa_bot": true});
    ok(&scene.post("canalgrupo/update", body).await);
    let ticket = scene.writes("b").await;
    house
        .write(async |tx| {
            routing::close(tx, &house.clock, scene.tenant.id, &ticket.id, None, None).await.map(drop).unwrap()
        })
        .await;
    assert_eq!(told(&scene).await.last().map(String::as_str), Some("ticket.bot_released"));
    assert_eq!(scene.ticket(2).await.bot_id, None);
}

async fn what_a_bot_said_is_no_answer_of_the_agent(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    with_bot(&scene).await;
    let eva = scene.online("Eva", &[group], 5).await;
    for (customer, number) in [("a", 1), ("b", 2)] {
        scene.writes(customer).await;
        ok(&scene.post("mensajes/sale", json!({"tick_id": number, "mensaje": "Soy un bot."})).await);
        house.clock.advance(1_000);
        ok(&scene.post("cambiargrupo", json!({"tick_id": number, "grup_id": group})).await);
    }
    house.clock.advance(1_000);
    let answer = json!({"tick_id": 2, "mensaje": "Buenas", "mail": "eva@prueba.com"});
    ok(&scene.post("mensajes/sale", answer).await);
    let leo = scene.online("Leo", &[group], 5).await;
    scene.is(eva, OFFLINE).await;
    house.clock.advance(121_000);
    assert_eq!(scene.sweep().await.given_back, 1);
    assert_eq!((scene.owner(1).await.1, scene.owner(2).await.1), (Some(leo), Some(eva)), "she answered one of two");
    // The customer has the last word again.
    scene.writes("b").await;
    assert_eq!(scene.sweep().await.given_back, 1);
    assert_eq!(scene.owner(2).await.1, Some(leo));
}

async fn what_reopens_beside_what_opens_is_its_bots(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let bot = with_bot(&scene).await;
    let plain = house.channel(&scene.tenant, "telegram").await;
    let company = scene.tenant.id;
    house
        .write(async |tx| {
            groups::link_channel(tx, company, plain, group, false, 9).await.unwrap();
            let channel = channels::lock(tx, scene.channel).await.unwrap().unwrap();
            let channel = ChannelRow { reopen_within_ms: MINUTE, ..channel };
            channels::update(tx, &channel, std::slice::from_ref(&channel.uuid), house.clock.now()).await.unwrap();
        })
        .await;
    let eva = scene.online("Eva", &[group], 5).await;
    scene.writes("a").await;
    scene.close(1).await;
    // One batch: a customer comes back to the bot's channel, and a new one writes on the other, for the same group.
    let now = house.clock.now();
    let [back, new] = [(scene.channel, "a"), (plain, "b")].map(|(on, who)| scene.tenant.says(on, who, now, "Hola"));
    house.apply(&[back, new]).await;
    assert_eq!((scene.ticket(1).await.bot_id, scene.owner(2).await.1), (Some(bot), Some(eva)));
    let (decisions, _) = scene.decisions(1).await;
    assert_eq!(decisions[1..], [("reopened".into(), "bot".into(), None)], "its own decision, and only that");
}

async fn what_reopens_in_the_channels_second_group_is_its_bots_too(house: &House) {
    let scene = Scene::open(house).await;
    scene.group("Ventas", "manual").await;
    let second = scene.group("Soporte", "manual").await;
    let bot = with_bot(&scene).await;
    scene.writes("a").await;
    ok(&scene.post("cambiargrupo", json!({"tick_id": 1, "grup_id": second})).await);
    scene.close(1).await;
    ok(&scene.post("ticket/reabrir", json!({"tick_id": 1})).await);
    let ticket = scene.ticket(1).await;
    assert_eq!((ticket.group_id, ticket.bot_id), (Some(second), Some(bot)));
}

async fn a_bot_that_ends_leaves_each_ticket_once(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let bot = with_bot(&scene).await;
    let agents = [scene.online("Eva", &[group], 1).await, scene.online("Leo", &[group], 1).await];
    scene.writes("a").await;
    house.clock.advance(MINUTE);
    scene.writes("b").await;
    // The time of the first is up when the bot fails: both go to people for reasons of their own.
    house.clock.advance(4 * MINUTE);
    fails(house, bot).await;
    assert_eq!(scene.sweep().await.from_bots, 2);
    for (number, cause, agent) in [(1, "bot_timeout", agents[0]), (2, "bot_failed", agents[1])] {
        let (decisions, _) = scene.decisions(number).await;
        assert_eq!(decisions[1..], [(cause.into(), "assigned".into(), Some(agent))]);
    }
}

async fn who_asks_for_no_automatic_answer_goes_to_people(house: &House) {
    let scene = Scene::open(house).await;
    let group = scene.group("Ventas", "auto").await;
    let bot = with_bot(&scene).await;
    let eva = scene.online("Eva", &[group], 5).await;
    let message = Message { no_auto_reply: true, ..Message::text("Hola") };
    let content = Content::Message(Box::new(message));
    house.apply(&[scene.tenant.event(scene.channel, "a", house.clock.now(), content)]).await;
    assert_eq!((scene.ticket(1).await.bot_id, scene.owner(1).await.1), (None, Some(eva)));
    assert_eq!(scene.writes("b").await.bot_id, Some(bot), "others are the bot's");
}
