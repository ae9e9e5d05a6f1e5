//! Mail servers that misbehave: a pretend one, with a mail that it never shows.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::{house::House, mail_server::mail};
use crate::support::{Backend, DatabaseKind, QueueKind, run};

/// What happens when the second of three mails is asked for.
#[derive(Clone, Copy)]
enum Poison {
    Refuse,
    HangUp,
}

/// A server without IDLE, with three mails in its folder.
struct PretendServer {
    address: SocketAddr,
    /// How often the second mail was asked for.
    asked: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for PretendServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl PretendServer {
    /// `turned_away`: logins that are answered with "not now" first.
    async fn start(poison: Poison, turned_away: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(AtomicUsize::new(0));
        let (count, logins) = (asked.clone(), Arc::new(AtomicUsize::new(0)));
        let task = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (count, logins) = (count.clone(), logins.clone());
                tokio::spawn(async move { serve(tcp, poison, turned_away, &logins, &count).await });
            }
        });
        Self { address, asked, task }
    }
}

async fn serve(tcp: TcpStream, poison: Poison, turned_away: usize, logins: &AtomicUsize, asked: &AtomicUsize) {
    let (read, mut write) = tcp.into_split();
    let mut lines = BufReader::new(read).lines();
    _ = write.write_all(b"* OK ready\r\n").await;
    while let Ok(Some(line)) = lines.next_line().await {
        let (tag, command) = line.split_once(' ').expect("a tag");
        let word = command.split(' ').next().expect("a word");
        let answer = match word {
            "LOGIN" if logins.fetch_add(1, Ordering::Relaxed) < turned_away => {
                format!("{tag} NO [UNAVAILABLE] Back in a minute\r\n")
            }
            "CAPABILITY" => format!("* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n"),
            "EXAMINE" => format!("* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 14] x\r\n{tag} OK done\r\n"),
            "UID" if command.starts_with("UID SEARCH") => format!("* SEARCH 11 12 13\r\n{tag} OK done\r\n"),
            "UID" if command.contains("RFC822.SIZE") => listing(command, tag),
            "UID" if command.starts_with("UID FETCH 12 ") => {
                asked.fetch_add(1, Ordering::Relaxed);
                match poison {
                    Poison::Refuse => format!("{tag} NO [SERVERBUG] internal error\r\n"),
                    Poison::HangUp => return,
                }
            }
            "UID" => body(command, tag),
            _ => format!("{tag} OK done\r\n"),
        };
        _ = write.write_all(answer.as_bytes()).await;
    }
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

fn tell(poison: Poison, turned_away: usize) {
    run(DatabaseKind::Sqlite, QueueKind::Table, async |backend: &Backend| {
        let (house, server) = (House::new(backend).await, PretendServer::start(poison, turned_away).await);
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
        assert_eq!(server.asked.load(Ordering::Relaxed), 5);
        let letters = house.dead_letters().await;
        assert_eq!(letters.len(), 1, "{letters:?}");
        assert!(letters[0].body.is_empty());
        let reason = "mail 12 of folder INBOX could not be fetched in 5 tries: ";
        assert!(letters[0].reason.starts_with(reason), "{}", letters[0].reason);
        house.recovers(channel).await;
        poller.stop().await;
    });
}

#[test]
fn p7_a_mail_that_the_server_never_shows_is_recorded_and_left_alone() {
    tell(Poison::Refuse, 0);
}

#[test]
fn p7_a_mail_on_which_the_server_hangs_up_is_recorded_and_left_alone() {
    tell(Poison::HangUp, 0);
}

#[test]
fn a_server_that_says_not_now_is_asked_again() {
    tell(Poison::Refuse, 2);
}
