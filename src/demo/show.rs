//! `relevo demo`: a whole house, pretend platforms around it, and the proof that all of it worked.

use std::{
    collections::{HashSet, VecDeque},
    io::Write,
    path::Path,
    time::Duration,
};

use anyhow::{Context, anyhow, bail};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::Instant,
};

use super::{
    house::{Folder, House, Opened},
    ledger::Ledger,
    mischief::{forged, tampered, unsigned},
    outbox::Going,
    outside::{self, FileAt},
    push::Pusher,
    random::Random,
    report::{DemoReport, Verdict, Webhooks},
    screen::{Ink, Screen},
    traffic::{Call, SHOP, Stage, Telegram, Traffic, WhatsApp, traffic},
    watch::Watch,
};
use crate::{desk::routing, domain::FETCH, store::jobs};

/// The demo is the same every time, but for the time and the secrets.
const SEED: u64 = 2_026;

/// Calls of each platform, and updates to be fetched.
const CALLS: [usize; 5] = [20, 14, 12, 14, 10];

/// Between two calls, so that people can follow.
const PACE: Duration = Duration::from_millis(50);

/// Calls between two looks at the tickets.
const LOOK: usize = 6;

/// How long everything may take to be applied, or sent.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// How the demo is shown.
#[derive(Debug, Clone, Copy)]
pub struct DemoOptions {
    /// One JSON document at the end instead of the show.
    pub json: bool,
}

/// Plays the demo and removes every trace of it, also after an error or a signal to stop.
///
/// # Errors
/// If the house could not be started or was interrupted. That it did not do what was expected is no error:
/// [`DemoReport::mismatches`] says so.
pub async fn demo(options: DemoOptions, out: &mut dyn Write) -> anyhow::Result<DemoReport> {
    demo_in(&std::env::temp_dir(), options, out).await
}

/// The same with its folder below `parent`.
pub(super) async fn demo_in(parent: &Path, options: DemoOptions, out: &mut dyn Write) -> anyhow::Result<DemoReport> {
    // Listening for signals starts before there is anything to remove.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let folder = Folder::new_in(parent).context("no temporary folder for the demo")?;
    let house = House::start(&folder).await?;
    let mut screen = if options.json { Screen::blank() } else { Screen::of(&mut *out) };
    let played = tokio::select! {
        played = play(&house, &mut screen) => played,
        _ = terminate.recv() => Err(anyhow!("the demo was stopped")),
        _ = interrupt.recv() => Err(anyhow!("the demo was stopped")),
    };
    house.shutdown().await;
    drop(folder);
    let report = played?;
    if options.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    }
    Ok(report)
}

async fn play(house: &House, screen: &mut Screen<'_>) -> anyhow::Result<DemoReport> {
    let mut show = Show::new(house, screen)?;
    show.introduce()?;
    show.ordinary_traffic().await?;
    show.strange_traffic().await?;
    show.settle().await?;
    show.customers_files().await?;
    show.reopening().await?;
    show.answers().await?;
    show.troubled_answers().await?;
    show.routing().await?;
    show.some_conversations().await?;
    show.conclude().await
}

/// The platforms, each playing its part.
#[derive(Debug)]
pub(super) struct Platforms {
    pub(super) whatsapp: Stage<WhatsApp>,
    pub(super) telegram: Stage<Telegram>,
    email: Box<dyn Traffic>,
    facebook: Box<dyn Traffic>,
    fetched: Stage<Telegram>,
}

impl Platforms {
    fn around(house: &House) -> Option<Self> {
        let channels = &house.channels;
        Some(Self {
            whatsapp: Stage::new(WhatsApp::new(&channels.whatsapp.target, SEED)?),
            telegram: Stage::new(Telegram::new(&channels.telegram.target, SEED + 1)?),
            email: traffic(&channels.email.target, SEED + 2)?,
            facebook: traffic(&channels.facebook.target, SEED + 3)?,
            fetched: Stage::new(Telegram::polled(&channels.fetched.target, SEED + 4)?),
        })
    }
}

#[derive(Debug)]
pub(super) struct Show<'a, 'b> {
    pub(super) house: &'a House,
    pub(super) screen: &'a mut Screen<'b>,
    pusher: Pusher,
    pub(super) platforms: Platforms,
    watch: Watch,
    pub(super) ledger: Ledger,
    pub(super) verdict: Verdict,
    pub(super) webhooks: Webhooks,
    pub(super) fetched: u64,
    /// Files of customers that the house must have fetched.
    pub(super) files: HashSet<FileAt>,
    /// Buttons that were pressed: each must be answered.
    pub(super) presses: u64,
    /// What agents have sent.
    pub(super) outbox: Vec<Going>,
    /// Tickets that agents were given.
    pub(super) assigned: u64,
    pub(super) started: Instant,
}

impl<'a, 'b> Show<'a, 'b> {
    fn new(house: &'a House, screen: &'a mut Screen<'b>) -> anyhow::Result<Self> {
        Ok(Self {
            house,
            screen,
            pusher: Pusher::new(&house.channels.whatsapp.target.base_url)?,
            platforms: Platforms::around(house).context("a channel of the demo takes no webhooks")?,
            watch: Watch::default(),
            ledger: Ledger::default(),
            verdict: Verdict::default(),
            webhooks: Webhooks::default(),
            fetched: 0,
            files: HashSet::new(),
            presses: 0,
            outbox: Vec::new(),
            assigned: 0,
            started: Instant::now(),
        })
    }

    fn introduce(&mut self) -> anyhow::Result<()> {
        let url = &self.house.channels.whatsapp.target.base_url;
        self.screen.title(&format!("Relevo at {url}, with everything in it, for an invented shop: {SHOP}"))?;
        self.screen
            .line(Ink::Faint, "  embedded database and queue; nothing leaves this machine, nothing stays on it")?;
        for channel in self.house.channels.all() {
            let way = match channel.target.settings.get("mode") {
                Some("polling") => "we ask the platform (getUpdates)".to_owned(),
                _ => format!("POST /webhooks/{}", channel.target.uuid),
            };
            self.screen.line(Ink::Plain, &format!("  {:<10} {:<27} {way}", channel.target.kind, channel.name))?;
        }
        Ok(())
    }

    /// What customers do, all channels at once.
    async fn ordinary_traffic(&mut self) -> anyhow::Result<()> {
        self.screen.title("Customers write: every call of a platform, its answer, and what becomes of it")?;
        let mut turns: Vec<usize> =
            CALLS.iter().enumerate().flat_map(|(place, calls)| std::iter::repeat_n(place, *calls)).collect();
        Random::new(SEED).shuffle(&mut turns);
        let mut turns = VecDeque::from(turns);
        while !turns.is_empty() {
            for place in turns.drain(..LOOK.min(turns.len())) {
                self.turn(place).await?;
                if self.screen.is_watched() {
                    tokio::time::sleep(PACE).await;
                }
            }
            self.watch.look(&self.house.api, self.screen).await?;
        }
        Ok(())
    }

    async fn turn(&mut self, place: usize) -> anyhow::Result<()> {
        let house = self.house;
        let (channels, now) = (&house.channels, house.app.foundation().clock.now());
        let (channel, call) = match place {
            0 => (&channels.whatsapp, self.platforms.whatsapp.next(now)),
            1 => (&channels.telegram, self.platforms.telegram.next(now)),
            2 => (&channels.email, self.platforms.email.next(now)),
            3 => (&channels.facebook, self.platforms.facebook.next(now)),
            _ => return self.offer(now),
        };
        self.send(channel, &call, 200).await
    }

    /// One more update for the bot whose updates are fetched. A server holds an update once: it repeats none.
    fn offer(&mut self, now: i64) -> anyhow::Result<()> {
        let call = self.platforms.fetched.fresh(now);
        let channel = &self.house.channels.fetched;
        self.house.outside.keep_files(&channel.target.kind, &channel.account, &call);
        self.house.outside.polled.add(&call.body)?;
        self.note(channel, &call);
        self.fetched += 1;
        self.screen.line(Ink::Plain, &format!("  to fetch     telegram  {}", call.about))?;
        Ok(())
    }

    /// Delivers a call that is to be answered with `status`; what is in it counts if it was taken.
    pub(super) async fn send(&mut self, channel: &Opened, call: &Call, status: u16) -> anyhow::Result<()> {
        if status == 200 {
            self.house.outside.learn(&channel.target.kind, &channel.account, call)?;
        }
        let delivered = self.pusher.deliver(call).await?;
        self.webhooks.sent += 1;
        self.webhooks.repeated += u64::from(delivered.repeated);
        match delivered.status {
            200..=299 => {
                self.webhooks.accepted += 1;
                self.note(channel, call);
            }
            _ => self.webhooks.refused += 1,
        }
        self.verdict.equal(&format!("the answer to «{}»", call.about), &status, &delivered.status);
        self.screen.answer(delivered.status, delivered.latency.as_millis(), &channel.target.kind, &call.about)?;
        Ok(())
    }

    /// Counts what was accepted.
    fn note(&mut self, channel: &Opened, call: &Call) {
        let kind = &channel.target.kind;
        if self.ledger.note(kind, channel.name, call) {
            self.files.extend(outside::files(kind, call));
            self.presses += outside::presses(kind, call);
        }
    }

    /// What strangers, mistakes and nervous platforms do.
    async fn strange_traffic(&mut self) -> anyhow::Result<()> {
        self.screen.title("Strangers, mistakes and repetitions: refused, kept for an operator, or without effect")?;
        let channels = &self.house.channels;
        let now = self.house.app.foundation().clock.now();
        let genuine = self.platforms.whatsapp.fresh(now);
        for forged in [
            (&channels.whatsapp, forged(&genuine, "x-hub-signature-256", "sha256=".to_owned() + &"0".repeat(64))),
            (&channels.whatsapp, tampered(&genuine)),
            (
                &channels.telegram,
                forged(&self.platforms.telegram.next(now), "x-telegram-bot-api-secret-token", "guess".to_owned()),
            ),
            (&channels.email, forged(&self.platforms.email.next(now), "authorization", "Basic eDp5".to_owned())),
            (&channels.facebook, unsigned(&self.platforms.facebook.next(now))),
        ] {
            self.send(forged.0, &forged.1, 401).await?;
        }
        self.send(&channels.whatsapp, &genuine, 200).await?;
        for _ in 0..4 {
            self.send(&channels.whatsapp, &genuine.again(), 200).await?;
        }
        let nonsense = self.platforms.whatsapp.platform.nonsense();
        self.send(&channels.whatsapp, &nonsense, 200).await?;
        let unknown = self.platforms.whatsapp.platform.misdirected(now);
        self.send(&channels.whatsapp, &unknown, 200).await
    }

    /// Waits until everything that was accepted or offered has been applied, its files are here and every pressed button
    /// has its answer.
    pub(super) async fn settle(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.unsettled().await? {
                None => break,
                Some(what) if Instant::now() > deadline => bail!("after {} s {what}", PATIENCE.as_secs()),
                Some(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
        self.watch.look(&self.house.api, self.screen).await
    }

    /// What is not done yet, in the order of the flow: what is confirmed to the platform is in the queue already, and what
    /// has left the queue is in the database.
    async fn unsettled(&self) -> anyhow::Result<Option<String>> {
        let House { outside, app, .. } = self.house;
        let unfetched = outside.polled.pending();
        let depth = app.queue().depth().await?;
        let jobs = jobs::counts(&mut app.foundation().db.read().await?).await?;
        let files: i64 =
            jobs.iter().filter(|(kind, state, _)| kind == FETCH && state == "ready").map(|(.., count)| count).sum();
        Ok(match (unfetched, depth.ready + depth.delayed, files) {
            (0, 0, 0) if outside.presses_answered() >= self.presses => None,
            (0, 0, 0) => Some("a pressed button has no answer".to_owned()),
            (updates, events, files) => Some(format!(
                "{updates} updates are not fetched, {events} events not applied, {files} files not fetched"
            )),
        })
    }

    /// An agent closes a ticket, and its customer writes again.
    async fn reopening(&mut self) -> anyhow::Result<()> {
        self.screen.title("A ticket is closed, and its customer writes again")?;
        let base = self.house.app.foundation();
        let now = base.clock.now();
        for id in self.house.api.of_kind("whatsapp", now).await? {
            let author = self.house.api.ticket(&id).await?.last_author.unwrap_or_default();
            let words = "Perdón, me quedó una duda: ¿la garantía cubre el despacho?";
            if let Some(call) = self.platforms.whatsapp.platform.text(&author, words, now) {
                let mut tx = base.db.write().await?;
                routing::close(&mut tx, &base.clock, self.house.company, &id, Some("solo_informacion"), None).await?;
                tx.commit().await?;
                self.watch.look(&self.house.api, self.screen).await?;
                let channel = &self.house.channels.whatsapp;
                self.send(channel, &call, 200).await?;
                return self.settle().await;
            }
        }
        bail!("no WhatsApp ticket's last message is a customer's")
    }

    /// Some tickets with what was said in them, as the API tells it.
    async fn some_conversations(&mut self) -> anyhow::Result<()> {
        const SHOWN: usize = 8;
        self.screen.title("What an integration reads: GET /v2/ticket/{id}/messages/")?;
        let now = self.house.app.foundation().clock.now();
        for kind in ["whatsapp", "telegram", "email", "facebook"] {
            let mut longest = (Vec::new(), None);
            for id in self.house.api.of_kind(kind, now).await? {
                let messages = self.house.api.messages(&id).await?;
                if messages.len() > longest.0.len() {
                    longest = (messages, Some(id));
                }
            }
            let (messages, Some(id)) = longest else { continue };
            let ticket = self.house.api.ticket(&id).await?;
            let subject = ticket.subject.map(|subject| format!(" · {subject}")).unwrap_or_default();
            self.screen
                .line(Ink::Yellow, &format!("  ticket {} · {kind}{subject} · {}", ticket.identifier, ticket.id))?;
            for message in messages.iter().rev().take(SHOWN) {
                let author = message.author_name.as_deref().filter(|name| !name.is_empty()).unwrap_or("–");
                let at = message.created.get(11..19).unwrap_or_default();
                self.screen.line(Ink::Plain, &format!("    {at}  {author:<22} {}", message.content))?;
            }
        }
        Ok(())
    }
}
