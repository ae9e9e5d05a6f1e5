//! A pretend mail server that takes submissions (`email.md §8`): ESMTP without TLS.

mod session;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context;
use relevo_adapters::Millis;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::rules::Rules;

/// A running mail server. Dropped, it is gone, with its connections.
#[derive(Debug)]
pub struct Smtp {
    address: SocketAddr,
    open: CancellationToken,
    office: Arc<Office>,
}

/// A mail that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// By the clock of the server's rules.
    pub at: Millis,
    /// Who was logged in.
    pub user: Option<String>,
    /// Of the envelope; empty for the null sender.
    pub from: String,
    /// Of the envelope, without those that were refused.
    pub to: Vec<String>,
    /// As it came, without the dots that were stuffed.
    pub data: Vec<u8>,
    /// What the server calls it.
    pub id: String,
}

impl Mail {
    /// The value of a header, unfolded; the first one of this name.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = String::from_utf8_lossy(&self.data).into_owned();
        let head = head.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

/// Where in the conversation something goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Connect,
    Auth,
    Mail,
    Rcpt,
    /// At the command itself, before the mail.
    Data,
    /// After the final dot.
    AfterDot,
}

/// What goes wrong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmtpFault {
    /// This reply: `550 5.1.1 No such user here`. A 421 closes the connection. The mail is not taken.
    Refuse(String),
    /// No reply ever; the mail is not taken.
    Hang,
    /// The connection is lost; the mail is not taken.
    Drop,
    /// The connection is lost, and the mail was taken. After the final dot only; elsewhere as [`SmtpFault::Drop`].
    TakeAndDrop,
}

/// The server, apart from its connections.
#[derive(Debug)]
struct Office {
    rules: Rules,
    /// User and password; `None`: everybody may send.
    login: Option<(String, String)>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    mails: Vec<Mail>,
    taken: u64,
    troubles: Vec<Trouble>,
    met: u64,
    largest: usize,
    unknown: Vec<String>,
}

#[derive(Debug)]
struct Trouble {
    stage: Stage,
    recipient: Option<String>,
    fault: SmtpFault,
    /// `None`: until cleared.
    left: Option<u32>,
}

impl Smtp {
    /// A server on loopback that knows one login.
    ///
    /// # Errors
    /// If there is no free port.
    pub async fn start(user: &str, password: &str, rules: Rules) -> anyhow::Result<Self> {
        Self::with_login(Some((user.to_owned(), password.to_owned())), rules).await
    }

    /// A server that asks nobody who he is.
    ///
    /// # Errors
    /// If there is no free port.
    pub async fn start_open(rules: Rules) -> anyhow::Result<Self> {
        Self::with_login(None, rules).await
    }

    async fn with_login(login: Option<(String, String)>, rules: Rules) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no free port on loopback")?;
        let address = listener.local_addr()?;
        let open = CancellationToken::new();
        let state = State {
            mails: Vec::new(),
            taken: 0,
            troubles: Vec::new(),
            met: 0,
            largest: 25 * 1024 * 1024,
            unknown: Vec::new(),
        };
        let office = Arc::new(Office { rules, login, state: Mutex::new(state) });
        tokio::spawn(open.clone().run_until_cancelled_owned(accept(listener, office.clone(), open.clone())));
        Ok(Self { address, open, office })
    }

    /// Loopback.
    pub fn host(&self) -> String {
        self.address.ip().to_string()
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Meets the next `times` (`None`: all) conversations that come to this stage.
    pub fn make_trouble(&self, stage: Stage, fault: SmtpFault, times: Option<u32>) {
        self.office.lock().troubles.push(Trouble { stage, recipient: None, fault, left: times });
    }

    /// As [`Smtp::make_trouble`], at `RCPT` of this address only.
    pub fn make_trouble_for(&self, recipient: &str, fault: SmtpFault, times: Option<u32>) {
        let recipient = Some(recipient.to_ascii_lowercase());
        self.office.lock().troubles.push(Trouble { stage: Stage::Rcpt, recipient, fault, left: times });
    }

    pub fn clear_faults(&self) {
        self.office.lock().troubles.clear();
    }

    /// How many commands have met trouble.
    pub fn faults_met(&self) -> u64 {
        self.office.lock().met
    }

    /// Nobody has this address: 550 5.1.1.
    pub fn unknown(&self, address: &str) {
        self.office.lock().unknown.push(address.to_ascii_lowercase());
    }

    /// The largest mail, bytes; 25 MiB at first.
    pub fn takes_at_most(&self, bytes: usize) {
        self.office.lock().largest = bytes;
    }

    /// What was taken, in order; empty for a server that does not remember.
    pub fn ledger(&self) -> Vec<Mail> {
        self.office.lock().mails.clone()
    }

    /// How many mails were taken.
    pub fn done(&self) -> u64 {
        self.office.lock().taken
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.open.cancel();
    }
}

async fn accept(listener: TcpListener, office: Arc<Office>, open: CancellationToken) {
    loop {
        // Whoever is gone before we answer is no loss.
        let Ok((stream, _)) = listener.accept().await else { continue };
        let office = office.clone();
        tokio::spawn(open.clone().run_until_cancelled_owned(async move {
            if let Err(error) = session::converse(&office, stream).await {
                tracing::debug!(%error, "a conversation with the pretend mail server broke off");
            }
        }));
    }
}

impl Office {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn meet(&self, stage: Stage, recipient: Option<&str>) -> Option<SmtpFault> {
        let mut state = self.lock();
        let trouble = state.troubles.iter_mut().find(|trouble| {
            let meant = trouble.recipient.is_none() || trouble.recipient.as_deref() == recipient;
            trouble.stage == stage && trouble.left != Some(0) && meant
        })?;
        trouble.left = trouble.left.map(|left| left - 1);
        let fault = trouble.fault.clone();
        state.met += 1;
        Some(fault)
    }

    /// Takes a mail; gives its id.
    fn take(&self, user: Option<&str>, from: &str, to: &[String], data: &[u8]) -> String {
        let mut state = self.lock();
        state.taken += 1;
        let id = format!("4XyZ{:06}", state.taken);
        if self.rules.remembers {
            state.mails.push(Mail {
                at: self.rules.clock.now(),
                user: user.map(str::to_owned),
                from: from.to_owned(),
                to: to.to_vec(),
                data: data.to_vec(),
                id: id.clone(),
            });
        }
        id
    }
}
