//! The platforms: they push a customer's messages, and push again until each is answered 200.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use relevo_adapters::verify::sign_meta;
use reqwest::{Client, StatusCode, header::RETRY_AFTER};
use tokio::{task::JoinSet, time::Instant};

use super::Chance;
use crate::stories::house::{APP_SECRET, BOT_SECRET, text, update, whatsapp};

/// Customers, each with one conversation: by turns on WhatsApp and on Telegram.
pub(super) const CUSTOMERS: u32 = 12;
/// A customer writes at least this many messages, and always a whole number of blocks.
const BLOCK: i64 = 5;
const BLOCKS_AT_LEAST: i64 = 5;
/// The platform's time of all first messages, in seconds.
const T: i64 = 1_780_000_000;
/// A customer's pause between two messages, and a platform's before it tries again: real ones take seconds.
const BREATH: Duration = Duration::from_millis(40);
/// A platform waits this long for an answer. Nothing of ours may ever take so long.
const GIVES_UP: Duration = Duration::from_secs(60);

/// What the platforms share.
#[derive(Debug)]
pub(super) struct Platforms {
    client: Client,
    /// The bot's webhook path.
    bot_path: String,
    gateways: Mutex<Vec<SocketAddr>>,
    pub(super) tally: Tally,
    enough: AtomicBool,
}

/// How attempts ended.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Answered 200.
    pub(super) accepted: AtomicUsize,
    /// Answered 503, with Retry-After.
    pub(super) unavailable: AtomicUsize,
    /// Nobody there, or the connection broke.
    pub(super) unreachable: AtomicUsize,
    /// The longest that an answer took, in milliseconds.
    pub(super) slowest: AtomicI64,
    /// Answers that a platform must never see.
    wrong: Mutex<Vec<String>>,
}

impl Tally {
    /// # Panics
    /// If there was any other answer than 200 and 503 with Retry-After.
    pub(super) fn assert_clean(&self) {
        let wrong = self.wrong.lock().expect("whole");
        assert!(wrong.is_empty(), "{} answers were wrong: {:?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    }
}

impl Platforms {
    pub(super) fn new(bot_path: String) -> Arc<Self> {
        let client = Client::builder().timeout(GIVES_UP).build().expect("a client");
        let gateways = Mutex::default();
        Arc::new(Self { client, bot_path, gateways, tally: Tally::default(), enough: AtomicBool::new(false) })
    }

    /// Where the gateways are from now on.
    pub(super) fn find(&self, gateways: Vec<SocketAddr>) {
        *self.gateways.lock().expect("whole") = gateways;
    }

    /// Lets every customer write, all at once, until [`Self::enough`] is said; each task gives the customer and how
    /// many messages there were.
    pub(super) fn begin(self: &Arc<Self>, seed: u64) -> JoinSet<(u32, i64)> {
        let mut tasks = JoinSet::new();
        for user in 0..CUSTOMERS {
            let (platforms, chance) = (self.clone(), Chance(seed ^ (u64::from(user) << 32)));
            tasks.spawn(async move { (user, platforms.converse(user, chance).await) });
        }
        tasks
    }

    pub(super) fn enough(&self) {
        self.enough.store(true, Ordering::Relaxed);
    }

    /// Half of the customers write all their messages within one second, one after the other: what counts then is the
    /// order of arrival. The messages of the others overtake each other on their way: what counts is their time.
    async fn converse(&self, user: u32, mut chance: Chance) -> i64 {
        let in_one_second = user % 4 < 2;
        let mut blocks = 0;
        while blocks < BLOCKS_AT_LEAST || !self.enough.load(Ordering::Relaxed) {
            let mut block: Vec<i64> = (blocks * BLOCK..(blocks + 1) * BLOCK).collect();
            if !in_one_second {
                chance.shuffle(&mut block);
            }
            for n in block {
                let at = if in_one_second { T } else { T + n };
                let webhook = Webhook::new(user, n, at);
                self.deliver(&webhook, &mut chance).await;
                // Platforms repeat themselves even when all went well.
                if chance.below(5) == 0 {
                    self.deliver(&webhook, &mut chance).await;
                }
                tokio::time::sleep(BREATH).await;
            }
            blocks += 1;
        }
        blocks * BLOCK
    }

    async fn deliver(&self, webhook: &Webhook, chance: &mut Chance) {
        while !self.attempt(webhook, chance).await {
            tokio::time::sleep(BREATH).await;
        }
        self.tally.accepted.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether it was accepted.
    async fn attempt(&self, webhook: &Webhook, chance: &mut Chance) -> bool {
        let gateway = {
            let gateways = self.gateways.lock().expect("whole");
            gateways[chance.below(u32::try_from(gateways.len()).expect("a few")) as usize]
        };
        let begun = Instant::now();
        let answer = self.post(webhook, gateway).await;
        let took = i64::try_from(begun.elapsed().as_millis()).expect("a short time");
        self.tally.slowest.fetch_max(took, Ordering::Relaxed);
        let what = match answer {
            Ok((StatusCode::OK, _)) => return true,
            Ok((StatusCode::SERVICE_UNAVAILABLE, true)) => {
                self.tally.unavailable.fetch_add(1, Ordering::Relaxed);
                return false;
            }
            Ok((status, retry_after)) => format!("{status}, with Retry-After: {retry_after}"),
            Err(error) if error.is_timeout() => format!("none within {GIVES_UP:?}"),
            Err(_) => {
                self.tally.unreachable.fetch_add(1, Ordering::Relaxed);
                return false;
            }
        };
        self.tally.wrong.lock().expect("whole").push(what);
        false
    }

    /// The answer's status, and whether it says when to try again.
    async fn post(&self, webhook: &Webhook, gateway: SocketAddr) -> reqwest::Result<(StatusCode, bool)> {
        let request = match webhook {
            Webhook::WhatsApp(body) => self
                .client
                .post(format!("http://{gateway}/webhooks/meta"))
                .header("X-Hub-Signature-256", sign_meta(body, APP_SECRET))
                .body(body.clone()),
            Webhook::Telegram(body) => self
                .client
                .post(format!("http://{gateway}{}", self.bot_path))
                .header("X-Telegram-Bot-Api-Secret-Token", BOT_SECRET)
                .body(body.clone()),
        };
        let answer = request.header("Content-Type", "application/json").send().await?;
        let said = (answer.status(), answer.headers().contains_key(RETRY_AFTER));
        // An answer counts when it has arrived whole.
        answer.bytes().await.map(|_| said)
    }
}

/// A message on its way.
enum Webhook {
    WhatsApp(Vec<u8>),
    Telegram(Vec<u8>),
}

impl Webhook {
    /// Customer `user`'s message number `n`, from second `at`.
    fn new(user: u32, n: i64, at: i64) -> Self {
        let content = content(user, n);
        match user % 2 {
            0 => Self::WhatsApp(whatsapp(vec![text(&content, user, at, &content)]).to_string().into_bytes()),
            _ => {
                let user = i64::from(user);
                Self::Telegram(
                    update(user * 1_000_000 + n, 44_000 + user, n + 1, at, &content).to_string().into_bytes(),
                )
            }
        }
    }
}

/// What customer `user` says in message number `n`.
pub(super) fn content(user: u32, n: i64) -> String {
    format!("{user}-{n}")
}
