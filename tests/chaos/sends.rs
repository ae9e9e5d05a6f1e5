//! SIGKILL of the dispatcher, at every step of a send (P1, P4, P5, P6).

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use relevo::{
    demo::platforms::{BotApi, Fault, Graph, Progress, Rules, Smtp, SmtpFault, Stage, Trouble},
    domain::send_topic,
    store::jobs,
};
use relevo_adapters::{
    Blob, MediaKind,
    outbound::{Act, OutboundFile},
};

use super::{
    Chance,
    gate::{Gate, Keep},
};
use crate::{
    outbound::house::{Outside, Plan, say},
    stories::house::APP_SECRET,
    support::{Backend, Program, Relevo, for_each_database, until, until_within},
};

/// How long a dispatcher's successor may take for what it left, on a busy machine as well.
const RECOVERY: Duration = Duration::from_secs(60);

/// A house whose dispatcher is a process of its own, with a gate before each platform.
struct Scene {
    outside: Outside,
    gates: BTreeMap<&'static str, Gate>,
    relevo: Relevo,
    dispatcher: Option<Program>,
}

/// What became of one message.
#[derive(Debug, PartialEq, Eq)]
struct Fate {
    /// How often its platform did it.
    done: usize,
    flagged: bool,
}

impl Scene {
    async fn open(backend: &Backend) -> Self {
        let plan = Plan { dispatchers: 0, rules: || Rules::strict().unpaced(), ..Plan::default() };
        let outside = Outside::open_as(backend, plan).await;
        outside.graph.report_to(&outside.house.url(0, "/webhooks/meta"), APP_SECRET, Progress::Delivered);
        let gates = gates(&outside).await;
        let at = |kind: &str| gates[kind].address;
        let paced = ("sends_per_second", "100");
        let graph = |kind| format!("http://{}/v23.0", at(kind));
        outside.set("whatsapp", &[("graph_url", &graph("whatsapp")), paced]).await;
        outside.set("facebook", &[("graph_url", &graph("facebook")), paced]).await;
        outside.set("telegram", &[("api_url", &format!("http://{}", at("telegram"))), paced]).await;
        let port = at("email").port().to_string();
        outside.set("email", &[("smtp_port", &port), ("sends_per_minute", "6000")]).await;
        let relevo = Relevo::on(backend)
            .with("DISPATCH__LEASE_SECONDS", "1")
            .with("DISPATCH__REPORT_SECONDS", "6")
            .with("DISPATCH__POLL_MILLISECONDS", "50")
            .with("DISPATCH__RETRY_BASE_SECONDS", "1")
            .with("DATABASE__CONNECTIONS", "4");
        Self { outside, gates, relevo, dispatcher: None }
    }

    fn start(&mut self) {
        self.dispatcher = Some(self.relevo.start(&["serve", "--json", "--roles", "dispatcher"]));
    }

    /// SIGKILL, and whatever was on the way is lost.
    fn kill(&mut self) {
        self.dispatcher.take().expect("a dispatcher runs").kill();
        self.gates.values().for_each(Gate::reset);
    }

    /// A customer on each channel, number `n`; gives the conversations.
    async fn customers(&self, n: u32) -> BTreeMap<&'static str, String> {
        let outside = &self.outside;
        BTreeMap::from([
            ("whatsapp", outside.whatsapp_customer(n).await),
            ("telegram", outside.telegram_customer(4_000 + i64::from(n)).await),
            ("facebook", outside.facebook_customer(&format!("{}", 9_000 + n)).await),
            ("email", outside.mail_customer(&format!("c{n}@cliente.example")).await),
        ])
    }

    /// Says the same on each channel; gives the messages.
    async fn say(&self, to: &BTreeMap<&'static str, String>, act: &Act) -> BTreeMap<&'static str, String> {
        let mut messages = BTreeMap::new();
        for (kind, conversation) in to {
            messages.insert(*kind, self.outside.act(conversation, act.clone()).await);
        }
        messages
    }

    async fn has_left(&self, message: &str) -> bool {
        matches!(self.outside.status(message).await.as_str(), "accepted" | "sent" | "delivered" | "read")
    }

    /// Whether all reports have been told and understood.
    async fn is_told(&self) -> bool {
        self.outside.graph.settled().await;
        self.outside.house.settled().await;
        true
    }

    /// Waits until all of them have left. A report of WhatsApp's that is still not there when everything else is done
    /// never comes: the time for which it is waited for is taken as over.
    async fn all_leave(&self, messages: &[String]) {
        let mut left = Vec::new();
        until_within(RECOVERY, "all messages have left", async || {
            if self.only_reports_are_waited_for().await && self.is_told().await {
                self.let_reports_be_late().await;
            }
            left.clear();
            for message in messages {
                left.push(self.has_left(message).await);
            }
            left.iter().all(|left| *left)
        })
        .await;
    }

    async fn only_reports_are_waited_for(&self) -> bool {
        let mut tx = self.outside.house.base().db.read().await.expect("a transaction");
        let waiting = jobs::list(&mut tx, "ready", 1_000).await.expect("the jobs");
        let heads = waiting.iter().rev().fold(BTreeMap::new(), |mut heads, job| {
            heads.entry(&job.lane).or_insert(job.phase.as_deref());
            heads
        });
        !heads.is_empty() && heads.values().all(|phase| phase.is_some_and(|phase| phase.ends_with("awaited")))
    }

    async fn let_reports_be_late(&self) {
        let base = self.outside.house.base();
        let topic = send_topic(self.outside.house.channels["whatsapp"].id_channel);
        let mut tx = base.db.write().await.expect("a transaction");
        jobs::wake(&mut tx, &topic, base.clock.now()).await.expect("woken");
        tx.commit().await.expect("committed");
    }

    async fn fate(&self, kind: &str, message: &str, words: &str) -> Fate {
        let done = Ledgers::of(&self.outside).told(kind).iter().filter(|(_, said)| said == words).count();
        let delivery = self.outside.trail(message).await.delivery.expect("its delivery");
        Fate { done, flagged: delivery.possible_duplicate != 0 }
    }

    async fn fates(&self, messages: &BTreeMap<&'static str, String>, words: &str) -> BTreeMap<&'static str, Fate> {
        let mut fates = BTreeMap::new();
        for (kind, message) in messages {
            fates.insert(*kind, self.fate(kind, message, words).await);
        }
        fates
    }

    async fn close(mut self) {
        if let Some(mut dispatcher) = self.dispatcher.take() {
            dispatcher.terminate();
            let ended = dispatcher.end().await;
            assert_eq!(ended.code(), Some(0), "{ended}");
        }
        self.outside.close().await;
    }
}

async fn gates(outside: &Outside) -> BTreeMap<&'static str, Gate> {
    let host = |url: String| url.trim_start_matches("http://").split('/').next().unwrap_or_default().to_owned();
    let (graph, smtp) = (host(outside.graph.url()), format!("{}:{}", outside.smtp.host(), outside.smtp.port()));
    let targets =
        [("whatsapp", graph.clone()), ("facebook", graph), ("telegram", host(outside.bot.url())), ("email", smtp)];
    let mut gates = BTreeMap::new();
    for (kind, target) in targets {
        let ledgers = Ledgers::of(outside);
        gates.insert(kind, Gate::before(target, move || ledgers.told(kind).len()).await);
    }
    gates
}

/// What the platforms have done.
#[derive(Debug)]
struct Ledgers {
    graph: Arc<Graph>,
    bot: Arc<BotApi>,
    smtp: Arc<Smtp>,
}

impl Ledgers {
    fn of(outside: &Outside) -> Self {
        Self { graph: outside.graph.clone(), bot: outside.bot.clone(), smtp: outside.smtp.clone() }
    }

    /// What the platform of this kind was told, in order: to whom, and what.
    fn told(&self, kind: &str) -> Vec<(String, String)> {
        let graph = |method: &str| {
            let entries = self.graph.ledger().into_iter().filter(|entry| entry.method == method);
            entries.filter_map(|entry| Some((entry.recipient, entry.text?))).collect()
        };
        match kind {
            "whatsapp" => graph("messages"),
            "facebook" => graph("comments"),
            "telegram" => {
                self.bot.ledger().into_iter().filter_map(|entry| Some((entry.recipient, entry.text?))).collect()
            }
            _ => self.smtp.ledger().into_iter().map(|mail| (mail.to.concat(), said(&mail.data))).collect(),
        }
    }
}

/// What all our messages begin with: by it their words are found in a mail.
const BEGINNING: &str = "dicho ";

fn said(mail: &[u8]) -> String {
    let text = String::from_utf8_lossy(mail);
    text.lines().find(|line| line.starts_with(BEGINNING)).unwrap_or_default().trim_end().to_owned()
}

/// Where a dispatcher dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// The calls have left us and reach nobody.
    BeforeTheCall,
    /// The platforms have the calls, and do nothing.
    DuringTheCall,
    /// The platforms have done it, and their answers reach nobody.
    BeforeTheAnswer,
    /// The answers are there, and nothing of them is committed.
    BeforeOurCommit,
}

impl Scene {
    /// Sends one message on each channel, kills the dispatcher at this moment and starts another; gives what became of
    /// the messages when all have left.
    async fn dies(&mut self, n: u32, moment: Moment) -> BTreeMap<&'static str, Fate> {
        let customers = self.customers(n).await;
        self.arm(moment);
        self.start();
        let words = format!("{BEGINNING}{n}");
        let messages = self.say(&customers, &say(&words)).await;
        self.comes(moment).await;
        match moment {
            Moment::BeforeOurCommit => self.kill_with_answers_in_hand().await,
            _ => self.kill(),
        }
        self.outside.graph.clear_faults();
        self.start();
        self.all_leave(&messages.values().cloned().collect::<Vec<_>>()).await;
        self.kill();
        self.fates(&messages, &words).await
    }

    fn arm(&self, moment: Moment) {
        match moment {
            Moment::BeforeTheCall => self.gates.values().for_each(|gate| gate.keep(Keep::Requests)),
            Moment::BeforeTheAnswer | Moment::BeforeOurCommit => {
                self.gates.values().for_each(|gate| gate.keep(Keep::AnswersAfter(gate.done())));
            }
            Moment::DuringTheCall => {
                let outside = &self.outside;
                outside.graph.make_trouble(Trouble::once(Fault::Hang).on("messages"));
                outside.graph.make_trouble(Trouble::once(Fault::Hang).on("comments"));
                outside.bot.make_trouble(Trouble::once(Fault::Hang));
                outside.smtp.make_trouble(Stage::AfterDot, SmtpFault::Hang, Some(1));
            }
        }
    }

    /// Waits until it has come to this on all channels.
    async fn comes(&self, moment: Moment) {
        let outside = &self.outside;
        let hung = || (outside.graph.faults_met(), outside.bot.faults_met(), outside.smtp.faults_met());
        until(&format!("{moment:?} on all channels"), async || match moment {
            Moment::DuringTheCall => hung() == (2, 1, 1),
            _ => self.gates.values().all(Gate::keeps_something),
        })
        .await;
    }

    /// Lets the answers through while nobody but us can commit anything of these jobs.
    async fn kill_with_answers_in_hand(&mut self) {
        let base = self.outside.house.base().clone();
        let mut tx = base.db.write().await.expect("a transaction");
        for job in jobs::list(&mut tx, "ready", 100).await.expect("the jobs") {
            let phase = job.phase.as_deref();
            jobs::mark(&mut tx, job.id, false, phase, base.clock.now()).await.expect("its row is held");
        }
        self.gates.values().for_each(Gate::release);
        until("the answers are there", async || self.gates.values().all(Gate::has_passed_on)).await;
        self.kill();
    }
}

for_each_database! {
    p6_killed_before_the_call_nothing_is_lost_and_nothing_doubled: |backend| {
        let mut scene = Scene::open(backend).await;
        for (n, moment) in [(1, Moment::BeforeTheCall), (2, Moment::DuringTheCall)] {
            for (kind, fate) in scene.dies(n, moment).await {
                assert_eq!(fate.done, 1, "{kind}, {moment:?}");
                // Only Facebook can be asked: elsewhere a doubt remains, and is shown.
                assert_eq!(fate.flagged, kind != "facebook", "{kind}, {moment:?}");
            }
        }
        scene.close().await;
    }

    p6_killed_after_the_platform_acted_only_what_cannot_be_known_is_doubled_and_flagged: |backend| {
        let mut scene = Scene::open(backend).await;
        for (n, moment) in [(1, Moment::BeforeTheAnswer), (2, Moment::BeforeOurCommit)] {
            for (kind, fate) in scene.dies(n, moment).await {
                // WhatsApp reports under our mark, Facebook is asked; a mail comes again under its own id.
                let doubled = matches!(kind, "telegram" | "email");
                let expected = Fate { done: if doubled { 2 } else { 1 }, flagged: doubled };
                assert_eq!(fate, expected, "{kind}, {moment:?}");
            }
        }
        let mails = scene.outside.smtp.ledger();
        assert_eq!(mails[0].header("Message-ID"), mails[1].header("Message-ID"));
        scene.close().await;
    }

    p6_a_doubt_is_shown_also_if_the_platforms_report_ends_it: |backend| {
        let mut scene = Scene::open(backend).await;
        let mut customers = scene.customers(1).await;
        customers.retain(|kind, _| *kind == "whatsapp");
        // Given a call that had no answer, and a second one that was made for want of a report,
        scene.outside.graph.make_trouble(Trouble::once(Fault::Hang).on("messages"));
        scene.start();
        let words = format!("{BEGINNING}1");
        let messages = scene.say(&customers, &say(&words)).await;
        let message = &messages["whatsapp"];
        until("the first call hangs", async || scene.outside.graph.faults_met() == 1).await;
        scene.kill();
        let gate = &scene.gates["whatsapp"];
        gate.keep(Keep::AnswersAfter(gate.done()));
        scene.start();
        until_within(RECOVERY, "the second call is answered", async || {
            if scene.only_reports_are_waited_for().await {
                scene.let_reports_be_late().await;
            }
            scene.gates["whatsapp"].keeps_something()
        })
        .await;
        // when its report is there and the dispatcher dies before the answer is,
        until("its report is there", async || scene.outside.status(message).await == "delivered").await;
        scene.kill();
        scene.start();
        // then the report settles it, and the doubt stays visible.
        let base = scene.outside.house.base().clone();
        until_within(RECOVERY, "nothing is left to do", async || {
            jobs::list(&mut base.db.read().await.expect("a transaction"), "ready", 1).await.expect("the jobs").is_empty()
        })
        .await;
        assert_eq!(scene.fate("whatsapp", message, &words).await, Fate { done: 1, flagged: true });
        scene.close().await;
    }

    p6_killed_while_a_file_is_uploaded_it_is_uploaded_again_and_there_is_no_doubt: |backend| {
        let mut scene = Scene::open(backend).await;
        let mut customers = scene.customers(1).await;
        customers.retain(|kind, _| matches!(*kind, "whatsapp" | "facebook"));
        for edge in ["media", "photos"] {
            scene.outside.graph.make_trouble(Trouble::once(Fault::Hang).on(edge));
        }
        scene.start();
        let words = format!("{BEGINNING}1");
        let file = scene.picture().await;
        let messages = scene.say(&customers, &Act::File { file, caption: Some(words.clone()) }).await;
        until("both files are on their way", async || scene.outside.graph.faults_met() == 2).await;
        scene.kill();
        scene.start();
        scene.all_leave(&messages.values().cloned().collect::<Vec<_>>()).await;
        for (kind, fate) in scene.fates(&messages, &words).await {
            assert_eq!(fate, Fate { done: 1, flagged: false }, "{kind}");
        }
        scene.close().await;
    }

    p1_p4_p6_killed_again_and_again_while_two_hundred_messages_go_out: |backend| {
        let mut scene = Scene::open(backend).await;
        let spoken = scene.speak().await;
        scene.start();
        let mut chance = Chance(7);
        for _ in 0..BLOWS {
            scene.more(4 + chance.below(18) as usize).await;
            scene.kill();
            scene.start();
        }
        let messages: Vec<String> = spoken.iter().flat_map(|said| said.messages.clone()).collect();
        scene.all_leave(&messages).await;
        scene.assert_all_is_there(&spoken).await;
        scene.close().await;
    }
}

/// Customers on each channel, and messages to each of them: 200 in all.
const CUSTOMERS: u32 = 10;
const MESSAGES: u32 = 5;
/// How often the dispatcher is killed.
const BLOWS: u32 = 6;

/// What was said to one customer.
struct Spoken {
    kind: &'static str,
    /// In the order in which they were written.
    words: Vec<String>,
    messages: Vec<String>,
}

impl Scene {
    async fn picture(&self) -> OutboundFile {
        let blob = Blob::new(&b"\x89PNG\r\n\x1a\nnot much of a picture"[..]);
        self.outside.house.base().blobs.put(&blob).await.expect("stored");
        OutboundFile {
            sha256: blob.sha256.clone(),
            size: blob.bytes.len() as u64,
            mime: "image/png".to_owned(),
            file_name: "foto.png".to_owned(),
            kind: MediaKind::Image,
            platform_id: None,
        }
    }

    /// Writes to every customer on every channel.
    async fn speak(&self) -> Vec<Spoken> {
        let mut conversations = Vec::new();
        for n in 0..CUSTOMERS {
            conversations
                .extend(self.customers(n).await.into_iter().map(|(kind, conversation)| (kind, conversation, n)));
        }
        let mut spoken = Vec::new();
        for (kind, conversation, n) in conversations {
            let words: Vec<String> = (0..MESSAGES).map(|m| format!("{BEGINNING}{kind} {n} {m}")).collect();
            let mut messages = Vec::new();
            for words in &words {
                messages.push(self.outside.reply(&conversation, words).await);
            }
            spoken.push(Spoken { kind, words, messages });
        }
        spoken
    }

    /// Waits until the platforms have done this many more things, or there is nothing else to do for now.
    async fn more(&self, wanted: usize) {
        let done = || self.gates.values().map(Gate::done).sum::<usize>();
        let before = done();
        until_within(RECOVERY, "more messages have gone out", async || {
            done() >= before + wanted || self.only_reports_are_waited_for().await
        })
        .await;
    }

    /// Every message at least once (P1), in the order written (P4); more than once only where nobody can know, and then
    /// it says so (P6).
    async fn assert_all_is_there(&self, spoken: &[Spoken]) {
        let ledgers = Ledgers::of(&self.outside);
        let mut doubled = 0;
        for said in spoken {
            let all: Vec<String> = ledgers.told(said.kind).into_iter().map(|(_, words)| words).collect();
            let mut told: Vec<String> = all.into_iter().filter(|words| said.words.contains(words)).collect();
            for (message, words) in said.messages.iter().zip(&said.words) {
                let times = told.iter().filter(|told| *told == words).count();
                let flagged = self.outside.trail(message).await.delivery.expect("its delivery").possible_duplicate != 0;
                let known = matches!(said.kind, "whatsapp" | "facebook");
                assert!(times == 1 || times > 1 && !known && flagged, "{words}: {times} times, flagged: {flagged}");
                doubled += times - 1;
            }
            told.dedup();
            assert_eq!(told, said.words, "in the order written");
        }
        println!("{doubled} of {} messages were doubled, and flagged", spoken.len() * MESSAGES as usize);
    }
}
