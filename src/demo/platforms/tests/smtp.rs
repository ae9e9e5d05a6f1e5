//! Mail, line by line.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::super::*;

const PATIENCE: Duration = Duration::from_secs(30);

struct Client(BufReader<TcpStream>);

impl Client {
    async fn to(server: &Smtp) -> Self {
        Self(BufReader::new(TcpStream::connect((server.host(), server.port())).await.unwrap()))
    }

    /// One who was greeted and is logged in.
    async fn known_to(server: &Smtp) -> Self {
        let mut client = Self::to(server).await;
        client.reply().await;
        client.say("EHLO relevo.example").await;
        let plain = STANDARD.encode("\0agent\0secret");
        assert!(client.say(&format!("AUTH PLAIN {plain}")).await.starts_with("235"));
        client
    }

    /// The last line of a reply; empty if the connection is lost.
    async fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            let read = tokio::time::timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("a reply");
            match (read.unwrap_or(0), line.as_bytes().get(3)) {
                (1.., Some(b'-')) => {}
                _ => return line.trim_end().to_owned(),
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        // To somebody who is gone: the missing reply tells.
        _ = self.0.write_all(format!("{line}\r\n").as_bytes()).await;
        self.reply().await
    }

    /// The reply to each line.
    async fn talk(&mut self, lines: &[&str]) -> Vec<String> {
        let mut replies = Vec::new();
        for line in lines {
            replies.push(self.say(line).await);
        }
        replies
    }

    /// Sends a mail; gives the first reply that is no success, or the last one.
    async fn mail(&mut self, to: &str) -> String {
        let to = format!("RCPT TO:<{to}>");
        let mut reply = String::new();
        for line in ["MAIL FROM:<shop@casaluma.example> SIZE=20", &to, "DATA", "Subject: x\r\n\r\n..y\r\n."] {
            reply = self.say(line).await;
            if !reply.starts_with(['2', '3']) {
                break;
            }
        }
        reply
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_taken_from_who_is_known() {
    let server = Smtp::start("agent", "secret", Rules::strict()).await.unwrap();
    server.unknown("nobody@example.com");
    let mut client = Client::to(&server).await;
    assert!(client.reply().await.starts_with("220"));
    client.say("EHLO relevo.example").await;
    assert!(client.say("MAIL FROM:<a@example.com>").await.starts_with("530 5.7.0"));
    let wrong = STANDARD.encode("\0agent\0wrong");
    assert!(client.say(&format!("AUTH PLAIN {wrong}")).await.starts_with("535 5.7.8"));
    let (user, password) = (STANDARD.encode("agent"), STANDARD.encode("secret"));
    let replies = client.talk(&["AUTH LOGIN", &user, &password]).await;
    assert_eq!(replies, ["334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 2.7.0 Authentication successful"]);
    let replies = client
        .talk(&[
            "RCPT TO:<ida@example.com>",
            "MAIL FROM:<>",
            "DATA",
            "RCPT TO:<nobody@example.com>",
            "RCPT TO:<ida@example.com>",
            "DATA",
            "Subject: hola\r\n there\r\n\r\n..dot\r\nend\r\n.",
            "NOOP",
            "QUIT",
        ])
        .await;
    let codes: Vec<&str> = replies.iter().map(|reply| &reply[..3]).collect();
    assert_eq!(codes, ["503", "250", "554", "550", "250", "354", "250", "250", "221"]);
    let [mail] = &server.ledger()[..] else { panic!("one mail was taken") };
    assert_eq!((mail.from.as_str(), &mail.to[..]), ("", &["ida@example.com".to_owned()][..]));
    assert_eq!(
        (mail.data.as_slice(), mail.header("subject").as_deref()),
        (&b"Subject: hola\r\n there\r\n\r\n.dot\r\nend\r\n"[..], Some("hola there"))
    );
    assert!(mail.user.as_deref() == Some("agent") && replies[6].contains(&mail.id));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_stage_can_refuse_and_nothing_is_taken() {
    let server = Smtp::start("agent", "secret", Rules::strict()).await.unwrap();
    let refuse = |text: &str| SmtpFault::Refuse(text.to_owned());
    server.make_trouble(Stage::Connect, refuse("554 5.7.1 Blocked"), Some(1));
    let mut client = Client::to(&server).await;
    assert_eq!((client.reply().await.as_str(), client.reply().await.as_str()), ("554 5.7.1 Blocked", ""));
    server.make_trouble(Stage::Mail, refuse("451 4.7.0 Try again later"), Some(1));
    server.make_trouble_for("Ida@example.com", refuse("450 4.2.0 Greylisted"), Some(1));
    server.make_trouble(Stage::Data, refuse("452 4.3.1 No space"), Some(1));
    server.make_trouble(Stage::AfterDot, refuse("554 5.7.1 Spam"), Some(1));
    let mut client = Client::known_to(&server).await;
    assert_eq!(client.mail("bo@example.com").await, "451 4.7.0 Try again later");
    client.say("RSET").await;
    assert_eq!(client.mail("ida@example.com").await, "450 4.2.0 Greylisted");
    client.say("RSET").await;
    server.takes_at_most(10);
    assert!(client.mail("ida@example.com").await.starts_with("552 5.3.4"));
    server.takes_at_most(1000);
    client.say("RSET").await;
    assert_eq!(client.mail("ida@example.com").await, "452 4.3.1 No space");
    client.say("RSET").await;
    assert_eq!(client.mail("ida@example.com").await, "554 5.7.1 Spam");
    assert!(client.mail("ida@example.com").await.starts_with("250 2.0.0 Ok: queued as"));
    assert_eq!((server.done(), server.ledger().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn p6_a_mail_is_taken_and_its_answer_lost() {
    let server = Smtp::start("agent", "secret", Rules::strict()).await.unwrap();
    server.make_trouble(Stage::AfterDot, SmtpFault::TakeAndDrop, Some(1));
    assert_eq!(Client::known_to(&server).await.mail("ida@example.com").await, "");
    assert_eq!(server.ledger().len(), 1);
    server.make_trouble(Stage::AfterDot, SmtpFault::Drop, Some(1));
    assert_eq!(Client::known_to(&server).await.mail("ida@example.com").await, "");
    assert_eq!((server.ledger().len(), server.faults_met()), (1, 2));
    server.make_trouble(Stage::Data, SmtpFault::Hang, None);
    let mut client = Client::known_to(&server).await;
    let waiting = tokio::spawn(async move { client.mail("ida@example.com").await });
    while server.faults_met() < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(server);
    assert_eq!(tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap(), "", "who hangs goes with the server");
}
