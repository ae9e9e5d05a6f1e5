//! Long polls, with Telegram bots as the channel.

use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use super::{
    bot_api::{Server, TOKEN, refused},
    house::House,
};
use crate::support::{Backend, DatabaseKind, QueueKind, run, until};

const DAY_MS: i64 = 86_400_000;

fn story(tell: impl AsyncFnOnce(&Backend)) {
    run(DatabaseKind::Sqlite, QueueKind::Table, tell);
}

async fn add_bot(house: &House<'_>, server: &Server) -> i64 {
    house.add("telegram", &[("bot_token", TOKEN), ("mode", "polling"), ("api_url", &server.url())]).await
}

fn offsets(server: &Server) -> Vec<Option<i64>> {
    server.api.asks().iter().map(|ask| ask["offset"].as_i64()).collect()
}

#[test]
fn p1_p4_updates_come_in_order_and_are_confirmed_afterwards() {
    story(async |backend| {
        let (house, server) = (House::new(backend).await, Server::start().await);
        let bot = add_bot(&house, &server).await;
        for (id, text) in [(71, "uno"), (72, "dos"), (75, "tres")] {
            server.api.says(id, text);
        }
        let (poller, mut inbox) = (house.poller().await, house.inbox().await);

        assert_eq!(inbox.texts_until("tres").await, ["uno", "dos", "tres"]);
        until("all are confirmed", async || server.api.pending() == 0).await;
        assert_eq!(house.cursor(bot, "offset").await.as_deref(), Some("76"));
        assert_eq!(&offsets(&server)[..2], [None, Some(76)]);
        let ask = &server.api.asks()[0];
        assert_eq!((&ask["limit"], &ask["timeout"]), (&json!(100), &json!(1)));
        let kinds = ask["allowed_updates"].as_array().expect("a list");
        assert!(kinds.contains(&Value::from("message_reaction")) && kinds.len() == 25, "{kinds:?}");

        server.api.says(76, "cuatro");
        assert_eq!(inbox.texts_until("cuatro").await.len(), 4, "nothing came twice");
        poller.stop().await;
    });
}

#[test]
fn p2_a_restarted_poller_goes_on_where_the_last_one_was() {
    story(async |backend| {
        let (house, server) = (House::new(backend).await, Server::start().await);
        add_bot(&house, &server).await;
        server.api.says(500, "antes");
        let (poller, mut inbox) = (house.poller().await, house.inbox().await);
        inbox.texts_until("antes").await;
        until("it is confirmed", async || server.api.pending() == 0).await;
        poller.stop().await;
        let asked = server.api.asks().len();

        server.api.says(501, "después");
        let poller = house.poller().await;
        assert_eq!(inbox.texts_until("después").await, ["antes", "después"]);
        assert_eq!(offsets(&server)[asked], Some(501));
        poller.stop().await;
    });
}

#[test]
fn p1_what_could_not_be_made_durable_is_not_confirmed() {
    story(async |backend| {
        let (house, server) = (House::new(backend).await, Server::start().await);
        let bot = add_bot(&house, &server).await;
        let poller = house.poller().await;
        until("it asks", async || !server.api.asks().is_empty()).await;
        poller.queue.close().await;

        server.api.says(71, "no te pierdas");
        let before = server.api.asks().len();
        until("the same is asked again", async || server.api.asks().len() >= before + 2).await;
        assert!(offsets(&server).iter().all(Option::is_none), "nothing was confirmed");
        assert_eq!((house.cursor(bot, "offset").await, server.api.pending()), (None, 1));
        assert_eq!(house.last_error(bot).await, None, "our own trouble is not the channel's");
        poller.stop().await;

        let (poller, mut inbox) = (house.poller().await, house.inbox().await);
        assert_eq!(inbox.texts_until("no te pierdas").await, ["no te pierdas"]);
        poller.stop().await;
    });
}

#[test]
fn p7_an_update_that_cannot_be_understood_becomes_a_dead_letter_and_holds_nobody_up() {
    story(async |backend| {
        let (house, server) = (House::new(backend).await, Server::start().await);
        let bot = add_bot(&house, &server).await;
        server.api.update(json!({"update_id": 71, "message": "garabato"}));
        server.api.says(72, "claro");
        let (poller, mut inbox) = (house.poller().await, house.inbox().await);

        assert_eq!(inbox.texts_until("claro").await, ["claro"]);
        let letters = house.dead_letters().await;
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].channel_id, Some(bot));
        assert_eq!(letters[0].content_type, None, "sent back, it is decoded again");
        assert!(String::from_utf8_lossy(&letters[0].body).contains("garabato"));
        until("both are confirmed", async || server.api.pending() == 0).await;
        poller.stop().await;
    });
}

#[test]
fn p10_a_refused_token_is_explained_and_a_new_one_is_enough() {
    story(async |backend| {
        let (house, server) = (House::new(backend).await, Server::start().await);
        let bot = add_bot(&house, &server).await;
        server.api.revoke("7001001:a-new-secret");
        server.api.says(71, "¿hola?");
        let (poller, mut inbox) = (house.poller().await, house.inbox().await);

        let complaint = house.complains(bot, "cannot receive: ").await;
        assert_eq!(complaint, "cannot receive: 127.0.0.1 refuses the token (401): enter the current one");
        house.mend(bot, "bot_token", "7001001:a-new-secret").await;
        assert_eq!(inbox.texts_until("¿hola?").await, ["¿hola?"]);
        house.recovers(bot).await;
        poller.stop().await;
    });
}

#[test]
fn p10_a_webhook_in_the_way_is_explained() {
    story(async |backend| {
        let (house, server) = (House::new(backend).await, Server::start().await);
        let bot = add_bot(&house, &server).await;
        let conflict = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first";
        server.api.answers([refused(409, conflict)]);
        server.api.says(71, "sigo aquí");
        let (poller, mut inbox) = (house.poller().await, house.inbox().await);

        house.complains(bot, "cannot receive: a webhook is set for this bot (409): remove it").await;
        assert_eq!(inbox.texts_until("sigo aquí").await, ["sigo aquí"], "it resumes by itself");
        house.recovers(bot).await;
        poller.stop().await;
    });
}

#[test]
fn p2_rate_limits_failures_and_garbage_cost_nothing_but_time() {
    story(async |backend| {
        let (house, server) = (House::new(backend).await, Server::start().await);
        let bot = add_bot(&house, &server).await;
        server.api.answers([
            (429, Some(1), "{}".to_owned()),
            (502, None, "<html>Bad Gateway</html>".to_owned()),
            (200, None, "garbage".to_owned()),
            (200, None, r#"{"ok":true,"result":[{"no":"number"}]}"#.to_owned()),
        ]);
        server.api.says(71, "por fin");
        let (poller, mut inbox) = (house.poller().await, house.inbox().await);

        house.complains(bot, "cannot receive: 127.0.0.1 answers 502").await;
        assert_eq!(inbox.texts_until("por fin").await, ["por fin"]);
        assert!(server.api.script_is_over());
        house.recovers(bot).await;
        assert!(house.dead_letters().await.is_empty());
        poller.stop().await;
    });
}

#[test]
fn one_process_at_a_time_asks_and_another_takes_over() {
    story(async |backend| {
        let (house, server) = (House::new(backend).await, Server::start().await);
        add_bot(&house, &server).await;
        let (one, two, mut inbox) = (house.poller().await, house.poller().await, house.inbox().await);
        server.api.says(71, "uno");
        inbox.texts_until("uno").await;
        let asked = server.api.asks().len();
        until("it asked a few times", async || server.api.asks().len() > asked + 3).await;

        one.stop().await;
        server.api.says(72, "dos");
        inbox.texts_until("dos").await;
        two.stop().await;
        let three = house.poller().await;
        server.api.says(73, "tres");
        assert_eq!(inbox.texts_until("tres").await, ["uno", "dos", "tres"]);
        assert_eq!(server.api.most_waiting(), 1, "never two at once");
        three.stop().await;
    });
}

#[test]
fn a_paused_channel_is_left_alone() {
    story(async |backend| {
        let (house, server) = (House::new(backend).await, Server::start().await);
        let bot = add_bot(&house, &server).await;
        let (poller, mut inbox) = (house.poller().await, house.inbox().await);
        server.api.says(71, "uno");
        inbox.texts_until("uno").await;

        house.pause(bot).await;
        until("its task has ended", async || house.polled().await.is_empty()).await;
        let asked = server.api.asks().len();
        server.api.says(72, "dos");
        // While the poller looks after a channel that was added meanwhile, and goes on doing so.
        let other = Server::start().await;
        house.add("telegram", &[("bot_token", "8:x"), ("mode", "polling"), ("api_url", &other.url())]).await;
        until("the other channel is looked after", async || other.api.asks().len() >= 2).await;
        assert_eq!((server.api.asks().len(), server.api.pending()), (asked, 1));
        poller.stop().await;
    });
}

#[test]
fn p2_numbers_that_start_anew_after_a_long_silence_are_seen() {
    story(async |backend| {
        let (house, server) = (House::new(backend).await, Server::start().await);
        let bot = add_bot(&house, &server).await;
        server.api.says(900_000, "en mayo");
        let (poller, mut inbox) = (house.poller().await, house.inbox().await);
        inbox.texts_until("en mayo").await;
        until("it is confirmed", async || offsets(&server).last() == Some(&Some(900_001))).await;

        house.clock.advance(8 * DAY_MS);
        until("it asks without an offset", async || offsets(&server).last() == Some(&None)).await;
        server.api.says(17, "en junio");
        assert_eq!(inbox.texts_until("en junio").await, ["en mayo", "en junio"]);
        until("the new number counts", async || house.cursor(bot, "offset").await.as_deref() == Some("18")).await;
        poller.stop().await;
    });
}

/// Log lines of the thread that tells the story.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked in here").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[test]
fn p9_the_token_is_in_no_log_line_and_no_error() {
    let lines = Lines::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(lines.clone()).finish();
    // One thread, so that its logger sees everything.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            let backend = Backend::new(DatabaseKind::Sqlite, QueueKind::Table).await;
            let (house, server) = (House::new(&backend).await, Server::start().await);
            let bot = add_bot(&house, &server).await;
            server.api.answers([refused(400, &format!("Bad Request: /bot{TOKEN}/getUpdates"))]);
            let poller = house.poller().await;
            let complaint = house.complains(bot, "cannot receive: 127.0.0.1 refuses the request (400)").await;
            assert!(!complaint.contains("invented"), "{complaint}");
            house.recovers(bot).await;

            drop(server);
            let complaint = house.complains(bot, "cannot receive: 127.0.0.1 cannot be reached").await;
            assert!(!complaint.contains("invented"), "{complaint}");
            poller.stop().await;
            backend.db.close().await;
        });
    });
    let lines = String::from_utf8(lines.0.lock().expect("nobody panicked in here").clone()).expect("text");
    assert!(lines.contains("cannot be reached"), "the log was heard");
    assert!(!lines.contains("invented"), "{lines}");
}
