//! Mail servers that misbehave: a pretend one, with a mail that it never shows.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::Instant,
};

use super::{house::House, mail_server::mail};
use crate::support::{Backend, DatabaseKind, QueueKind, run, until};

/// What happens when the second of three mails is asked for.
#[derive(Clone, Copy)]
enum Poison {
    Refuse,
    HangUp,
}

#[derive(Clone, Copy)]
struct Manners {
    poison: Poison,
    /// Logins that are answered with "not now" first.
    turned_away: usize,
    /// What it says whenever an IDLE begins; without it, it knows no IDLE.
    restless: Option<&'static str>,
}

#[derive(Default)]
struct Counts {
    logins: AtomicUsize,
    /// How often the second mail was asked for.
    asked: AtomicUsize,
    idles: AtomicUsize,
}

/// A server with three mails in its folder.
struct PretendServer {
    address: SocketAddr,
    counts: Arc<Counts>,
    task: JoinHandle<()>,
}

impl Drop for PretendServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl PretendServer {
    async fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let counts = Arc::new(Counts::default());
        let shared = counts.clone();
        let task = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let counts = shared.clone();
                tokio::spawn(async move { serve(tcp, manners, &counts).await });
            }
        });
        Self { address, counts, task }
    }
}

async fn serve(tcp: TcpStream, manners: Manners, counts: &Counts) {
    let (read, mut write) = tcp.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut idle = String::new();
    _ = write.write_all(b"* OK ready\r\n").await;
    while let Ok(Some(line)) = lines.next_line().await {
        let answer = match line.split_once(' ') {
            None => format!("{idle} OK done\r\n"),
            Some((tag, "IDLE")) => {
                counts.idles.fetch_add(1, Ordering::Relaxed);
                tag.clone_into(&mut idle);
                format!("+ idling\r\n{}", manners.restless.expect("it said that it knows no IDLE"))
            }
            Some((tag, command)) => match answer(tag, command, manners, counts) {
                Some(answer) => answer,
                None => return,
            },
        };
        _ = write.write_all(answer.as_bytes()).await;
    }
}

/// `None`: it hangs up.
fn answer(tag: &str, command: &str, manners: Manners, counts: &Counts) -> Option<String> {
    let word = command.split(' ').next().expect("a word");
    Some(match word {
        "LOGIN" if counts.logins.fetch_add(1, Ordering::Relaxed) < manners.turned_away => {
            format!("{tag} NO [UNAVAILABLE] Back in a minute\r\n")
        }
        "CAPABILITY" => {
            let idle = if manners.restless.is_some() { " IDLE" } else { "" };
            format!("* CAPABILITY IMAP4rev1{idle}\r\n{tag} OK done\r\n")
        }
        "EXAMINE" => format!("* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 14] x\r\n{tag} OK done\r\n"),
        "UID" if command.starts_with("UID SEARCH") => format!("* SEARCH 11 12 13\r\n{tag} OK done\r\n"),
        "UID" if command.contains("RFC822.SIZE") => listing(command, tag),
        "UID" if command.starts_with("UID FETCH 12 ") => {
            counts.asked.fetch_add(1, Ordering::Relaxed);
            match manners.poison {
                Poison::Refuse => format!("{tag} NO [SERVERBUG] internal error\r\n"),
                Poison::HangUp => return None,
            }
        }
        "UID" => body(command, tag),
        _ => format!("{tag} OK done\r\n"),
    })
}

/// The mails from `UID FETCH n:*` on; the newest at least.
fn listing(command: &str, tag: &str) -> String {
    let first: u32 = command["UID FETCH ".len()..].split(':').next().and_then(|n| n.parse().ok()).expect("a UID");
    let line = |uid: u32| {
        format!("* {} FETCH (UID {uid} RFC822.SIZE 900 INTERNALDATE \"20-Jun-2026 10:00:00 +0000\")\r\n", uid - 10)
    };
    let mails: String = (11..=13).filter(|uid| *uid >= first.min(13)).map(line).collect();
    format!("{mails}{tag} OK done\r\n")
}

fn body(command: &str, tag: &str) -> String {
    let uid = command.split(' ').nth(2).expect("a UID");
    let mail = mail(&format!("correo {uid}"), "Hola");
    format!("* 1 FETCH (UID {uid} BODY[]<0> {{{}}}\r\n{mail})\r\n{tag} OK done\r\n", mail.len())
}

fn tell(manners: Manners) {
    run(DatabaseKind::Sqlite, QueueKind::Table, async |backend: &Backend| {
        let (house, server) = (House::new(backend).await, PretendServer::start(manners).await);
        let port = server.address.port().to_string();
        let settings = [
            ("address", "support@example.test"),
            ("mode", "imap"),
            ("imap_host", "127.0.0.1"),
            ("imap_port", &port),
            ("imap_tls", "false"),
            ("imap_password", "secret"),
        ];
        let channel = house.add("email", &settings).await;
        let (poller, mut inbox) = (house.poller().await, house.inbox().await);

        let texts = inbox.texts_until("correo 13").await;
        assert_eq!(texts, ["correo 11", "correo 13"]);
        assert_eq!(server.counts.asked.load(Ordering::Relaxed), 5);
        let letters = house.dead_letters().await;
        assert_eq!(letters.len(), 1, "{letters:?}");
        assert!(letters[0].body.is_empty());
        let reason = "mail 12 of folder INBOX could not be fetched in 5 tries: ";
        assert!(letters[0].reason.starts_with(reason), "{}", letters[0].reason);
        house.recovers(channel).await;
        if manners.restless.is_some() {
            is_left_in_peace(&server.counts.idles).await;
        }
        poller.stop().await;
    });
}

/// Four rounds in a row, in which nothing new comes, take their time.
async fn is_left_in_peace(idles: &AtomicUsize) {
    let rounds = idles.load(Ordering::Relaxed);
    let begun = Instant::now();
    until("it idles again", async || idles.load(Ordering::Relaxed) >= rounds + 4).await;
    assert!(begun.elapsed() > Duration::from_secs(2), "{:?}", begun.elapsed());
}

const CALM: Manners = Manners { poison: Poison::Refuse, turned_away: 0, restless: None };

#[test]
fn p7_a_mail_that_the_server_never_shows_is_recorded_and_left_alone() {
    tell(CALM);
}

#[test]
fn p7_a_mail_on_which_the_server_hangs_up_is_recorded_and_left_alone() {
    tell(Manners { poison: Poison::HangUp, ..CALM });
}

#[test]
fn a_server_that_says_not_now_is_asked_again() {
    tell(Manners { turned_away: 2, ..CALM });
}

#[test]
fn p8_a_server_that_always_announces_something_is_not_asked_all_the_time() {
    tell(Manners { restless: Some("* 3 EXISTS\r\n"), ..CALM });
}

#[test]
fn p8_a_server_that_always_complains_is_not_asked_all_the_time() {
    tell(Manners { restless: Some("* NO Internal error occurred.\r\n"), ..CALM });
}
