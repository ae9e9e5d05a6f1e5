//! A bad day, by a clock that the story moves: whatever goes wrong for hours, every message ends visibly (P1, P4, P5).

use std::{collections::BTreeMap, time::Duration};

use futures_util::future::join_all;
use relevo::{
    config::Config,
    demo::platforms::{Fault, Rules, SmtpFault, Trouble},
    desk::outbox,
    directory::Found,
    dispatch::Dispatcher,
    domain::SEND,
    jobs::Bell,
    store::{Db, jobs},
};
use relevo_adapters::Millis;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::house::{Outside, Plan, WA_TOKEN};
use crate::{
    stories::house::PHONE,
    support::{Backend, for_each_database, until},
};

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
/// Customers on each channel, and what is said to each.
const CUSTOMERS: usize = 25;
const MESSAGES: usize = 5;
/// The messages are written evenly over this time, so many at once.
const WORKING_DAY: Millis = 12 * HOUR;
const AT_ONCE: usize = 10;
/// Tries of a message that fails for six hours, or for a day: about one in half an hour, and some at the beginning.
const TRIES_IN_SIX_HOURS: usize = 50;
const TRIES_IN_A_DAY: usize = 110;
/// Whoever writes to this address is told to come later, all day.
const LATER: &str = "tarde@cliente.example";

/// What was said in one conversation, in the order in which it was written.
#[derive(Debug, Default)]
struct Said {
    kind: &'static str,
    words: Vec<String>,
    messages: Vec<String>,
}

struct Day {
    outside: Outside,
    bell: Bell,
    stop: CancellationToken,
    dispatcher: JoinHandle<()>,
    directory: relevo::directory::Directory,
    began: Millis,
    said: BTreeMap<String, Said>,
}

impl Day {
    async fn begin(backend: &Backend) -> Self {
        let plan = Plan { dispatchers: 0, rules: || Rules::strict().unpaced(), ..Plan::default() };
        let outside = Outside::open_by(backend, plan, backend.clock.clone()).await;
        let (bell, stop) = (Bell::default(), CancellationToken::new());
        let base = outside.house.base();
        let directory = base.directory();
        let mut settings = Config::defaults().dispatch;
        settings.poll = Duration::from_millis(20);
        // The clock jumps: no claim is to end by that.
        settings.lease = Duration::from_secs(30 * 24 * 3600);
        let dispatcher = Dispatcher {
            db: backend.open().await,
            clock: backend.clock.clone(),
            bell: bell.clone(),
            directory: directory.clone(),
            blobs: base.blobs.clone(),
            allow_private_addresses: true,
            settings,
            key: base.key.clone(),
            relay: Config::defaults().relay,
        };
        let dispatcher = tokio::spawn(dispatcher.run(stop.clone()));
        let began = backend.clock.now();
        Self { outside, bell, stop, dispatcher, directory, began, said: BTreeMap::new() }
    }

    fn now(&self) -> Millis {
        self.outside.house.base().clock.now() - self.began
    }

    fn db(&self) -> &Db {
        &self.outside.house.base().db
    }

    /// The customers, each with a conversation.
    async fn customers(&self) -> Vec<(&'static str, String)> {
        let outside = &self.outside;
        let mut conversations = Vec::new();
        for n in 0..CUSTOMERS {
            let (small, large) = (u32::try_from(n).expect("few"), i64::try_from(n).expect("few"));
            let mail = if n == 0 { LATER.to_owned() } else { format!("c{n}@cliente.example") };
            let comment = format!("{}", 9_000 + n);
            let (whatsapp, telegram, facebook, email) = tokio::join!(
                outside.whatsapp_customer(small),
                outside.telegram_customer(4_000 + large),
                outside.facebook_customer(&comment),
                outside.mail_customer(&mail),
            );
            conversations.extend([("whatsapp", whatsapp), ("telegram", telegram)]);
            conversations.extend([("facebook", facebook), ("email", email)]);
        }
        conversations
    }

    /// Writes to each of these, all at once.
    async fn say(&mut self, to: impl Iterator<Item = &(&'static str, String)>) {
        let words = |(kind, conversation): &(&'static str, String)| {
            let count = self.said.get(conversation).map_or(0, |said| said.words.len());
            (*kind, conversation.clone(), format!("dicho {kind} {count} {conversation}."))
        };
        let new: Vec<_> = to.map(words).collect();
        let replies = new.iter().map(|(_, conversation, words)| self.outside.reply(conversation, words));
        let messages = join_all(replies).await;
        for ((kind, conversation, words), message) in new.into_iter().zip(messages) {
            let said = self.said.entry(conversation).or_default();
            said.kind = kind;
            said.words.push(words);
            said.messages.push(message);
        }
    }

    /// When the next send is due; `None` if nothing waits.
    async fn next_due(&self) -> Option<Millis> {
        let mut tx = self.db().read().await.expect("a transaction");
        // Claimed or not.
        jobs::next_due(&mut tx, SEND, Millis::MAX).await.expect("an answer").map(|due| due - self.began)
    }

    /// Lets everything that is due now be done.
    async fn settles(&self) {
        self.bell.ring();
        until("nothing is due any more", async || self.next_due().await.is_none_or(|due| due > self.now())).await;
    }

    /// Lets time go on to this moment, with everything that is due until then.
    async fn goes_on_until(&self, moment: Millis) {
        self.settles().await;
        while self.now() < moment {
            let due = self.next_due().await.unwrap_or(moment);
            // Not for every moment on its own.
            let next = due.max(self.now() + MINUTE).min(moment);
            self.outside.house.base().clock.advance(next - self.now());
            self.settles().await;
        }
    }

    /// Changes a channel, and waits until the dispatcher knows it: it has two seconds that are not the clock's.
    async fn mends(&self, kind: &str, settings: &[(&str, &str)]) {
        let id = self.outside.house.channels[kind].id_channel.to_string();
        let version = async || match self.directory.by_name(&id).await {
            Ok(Found::Open(open)) => open.version,
            other => panic!("{other:?}"),
        };
        let before = version().await;
        self.outside.set(kind, settings).await;
        until("the change is known", async || version().await > before).await;
    }

    /// What this platform has got, in order.
    fn got(&self, kind: &str) -> Vec<String> {
        let outside = &self.outside;
        let graph = |method: &str| {
            let entries = outside.graph.ledger().into_iter().filter(|entry| entry.method == method);
            entries.filter_map(|entry| entry.text).collect()
        };
        match kind {
            "whatsapp" => graph("messages"),
            "facebook" => graph("comments"),
            "telegram" => outside.bot.ledger().into_iter().filter_map(|entry| entry.text).collect(),
            _ => outside.smtp.ledger().iter().map(|mail| words(&mail.data)).collect(),
        }
    }

    async fn end(self) {
        self.stop.cancel();
        self.dispatcher.await.expect("it ends");
        self.outside.close().await;
    }
}

/// Our words in a mail; they may be folded.
fn words(mail: &[u8]) -> String {
    let text = String::from_utf8_lossy(mail).replace("=\r\n", "");
    text.lines().find(|line| line.starts_with("dicho ")).unwrap_or_default().trim_end().to_owned()
}

/// What happens at which hour.
async fn happens(day: &Day, hour: Millis) {
    let outside = &day.outside;
    let comments = |fault| Trouble::always(fault).on("comments");
    match hour {
        // Meta takes the number's token away in the morning; somebody makes a new one in the evening.
        1 => outside.graph.kill_token(WA_TOKEN, 463),
        11 => {
            outside.graph.renew_token(PHONE, "EAAnew");
            day.mends("whatsapp", &[("access_token", "EAAnew")]).await;
        }
        // Telegram is out for six hours.
        3 => outside.bot.make_trouble(Trouble::always(Fault::Fail { status: 502, body: "bad gateway".to_owned() })),
        9 => outside.bot.clear_faults(),
        // The Page has talked too much, and is to be silent for a while, again and again.
        5 => outside.graph.make_trouble(comments(Fault::Throttle { retry_after: Duration::from_secs(600) })),
        7 => outside.graph.clear_faults(),
        _ => {}
    }
}

async fn lives_through(day: &mut Day) {
    let conversations = day.customers().await;
    day.outside.smtp.make_trouble_for(LATER, SmtpFault::Refuse("450 4.2.0 come later".to_owned()), None);
    let rounds = Millis::try_from(4 * CUSTOMERS * MESSAGES / AT_ONCE).expect("few");
    let mut turn = conversations.iter().cycle();
    let mut hour = 0;
    for round in 0..rounds {
        let moment = round * WORKING_DAY / rounds;
        while hour * HOUR <= moment {
            day.goes_on_until(hour * HOUR).await;
            happens(day, hour).await;
            hour += 1;
        }
        day.goes_on_until(moment).await;
        day.say(turn.by_ref().take(AT_ONCE)).await;
    }
    // The first mail to whom is told to come later is given up a day after its first failure; the next one has all day.
    day.goes_on_until(26 * HOUR).await;
    day.outside.smtp.clear_faults();
    day.goes_on_until(30 * HOUR).await;
    assert_eq!(day.next_due().await, None, "nothing waits any more");
}

for_each_database! {
    p1_p4_p5_a_day_of_outages_ends_with_every_message_delivered_or_explained: |backend| {
        let mut day = Day::begin(backend).await;
        lives_through(&mut day).await;
        let mut ended: BTreeMap<String, usize> = BTreeMap::new();
        for said in day.said.values() {
            for message in &said.messages {
                let trail = day.outside.trail(message).await;
                let status = trail.message.status.clone().unwrap_or_default();
                *ended.entry(status.clone()).or_default() += 1;
                let tries = trail.steps.iter().filter(|step| step.state == "sending").count();
                match status.as_str() {
                    // Given up after a day, and that is said.
                    "failed" => {
                        let failure = trail.failure.expect("why");
                        assert_eq!((failure.class.as_str(), failure.detail.contains("come later")), ("transient", true));
                        assert!(!failure.es.is_empty() && !failure.en.is_empty());
                        assert!((2..=TRIES_IN_A_DAY).contains(&tries), "{tries} tries");
                    }
                    _ => {
                        assert!(tries <= TRIES_IN_SIX_HOURS, "{} was tried {tries} times", said.kind);
                        let delivery = trail.delivery.expect("its delivery");
                        assert_eq!((delivery.possible_duplicate, trail.hold), (0, None));
                    }
                }
            }
        }
        let delivered = ended.get("accepted").copied().unwrap_or(0) + ended.get("sent").copied().unwrap_or(0);
        assert_eq!((delivered, ended.get("failed")), (4 * CUSTOMERS * MESSAGES - 1, Some(&1)), "{ended:?}");
        // In the order written, once.
        let got = ["whatsapp", "telegram", "facebook", "email"].map(|kind| (kind, day.got(kind)));
        let got: BTreeMap<&str, Vec<String>> = got.into_iter().collect();
        let mut missing = day.said.values().flat_map(|said| said.words.iter().filter(|words| !got[said.kind].contains(words)));
        let (failed, None) = (missing.next().expect("it was given up").clone(), missing.next()) else { panic!("only one") };
        for said in day.said.values() {
            let got: Vec<&String> = got[said.kind].iter().filter(|words| said.words.contains(words)).collect();
            let expected: Vec<&String> = said.words.iter().filter(|words| **words != failed).collect();
            assert_eq!(got, expected, "{}", said.kind);
        }
        // The one that was given up waits for an operator, who sends it once more.
        let base = day.outside.house.base();
        let mut tx = base.db.write().await.expect("a transaction");
        let [dead] = jobs::dead_ids(&mut tx).await.expect("the dead jobs")[..] else { panic!("one dead job") };
        assert!(outbox::requeue(&mut tx, dead, base.clock.now()).await.expect("requeued"));
        tx.commit().await.expect("committed");
        day.settles().await;
        until("it is there", async || day.got("email").contains(&failed)).await;
        day.end().await;
    }
}
