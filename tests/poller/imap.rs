//! Mailboxes on a real mail server.

use super::{house::House, mail_server::Mailbox};
use crate::support::{Backend, DatabaseKind, Proxy, QueueKind, run, until};

fn story(tell: impl AsyncFnOnce(&Backend)) {
    run(DatabaseKind::Sqlite, QueueKind::Table, tell);
}

/// Waits until the mailbox has had its first look.
async fn is_watched(house: &House<'_>, channel: i64, folder: &str) {
    until("the mailbox is watched", async || house.cursor(channel, &format!("imap:{folder}")).await.is_some()).await;
}

#[test]
fn p4_mails_come_while_the_mailbox_is_idle_in_order_and_stay_unread() {
    story(async |backend| {
        let (house, mut mailbox) = (House::new(backend).await, Mailbox::new().await);
        let channel = mailbox.channel(&house, &[]).await;
        let (poller, mut inbox) = (house.poller().await, house.inbox().await);
        is_watched(&house, channel, "INBOX").await;

        mailbox.receives("uno").await;
        inbox.texts_until("uno").await;
        for subject in ["dos", "tres", "cuatro"] {
            mailbox.receives(subject).await;
        }
        assert_eq!(inbox.texts_until("cuatro").await, ["uno", "dos", "tres", "cuatro"]);
        assert_eq!(mailbox.unread("INBOX").await, 4);
        poller.stop().await;
    });
}

#[test]
fn a_new_channel_does_not_bring_the_mails_of_years() {
    story(async |backend| {
        let (house, mut mailbox) = (House::new(backend).await, Mailbox::new().await);
        mailbox.receives_in("INBOX", "de 2020", "viejo", Some("01-Jan-2020 10:00:00 +0000")).await;
        mailbox.receives("de hoy").await;
        mailbox.receives_in("INBOX", "movido de otra carpeta", "viejo", Some("01-Jan-2021 10:00:00 +0000")).await;
        mailbox.channel(&house, &[]).await;
        let (poller, mut inbox) = (house.poller().await, house.inbox().await);

        inbox.texts_until("de hoy").await;
        mailbox.receives("de ahora").await;
        assert_eq!(inbox.texts_until("de ahora").await, ["de hoy", "de ahora"]);
        poller.stop().await;
    });
}

#[test]
fn p1_p2_a_restarted_poller_goes_on_behind_the_last_mail() {
    story(async |backend| {
        let (house, mut mailbox) = (House::new(backend).await, Mailbox::new().await);
        mailbox.channel(&house, &[]).await;
        let (poller, mut inbox) = (house.poller().await, house.inbox().await);
        mailbox.receives("uno").await;
        inbox.texts_until("uno").await;
        poller.stop().await;

        mailbox.receives("dos").await;
        let poller = house.poller().await;
        inbox.texts_until("dos").await;
        mailbox.receives("tres").await;
        assert_eq!(inbox.texts_until("tres").await, ["uno", "dos", "tres"]);
        poller.stop().await;
    });
}

#[test]
fn p1_a_mail_that_could_not_be_made_durable_comes_again() {
    story(async |backend| {
        let (house, mut mailbox) = (House::new(backend).await, Mailbox::new().await);
        let channel = mailbox.channel(&house, &[]).await;
        let poller = house.poller().await;
        is_watched(&house, channel, "INBOX").await;
        let cursor = house.cursor(channel, "imap:INBOX").await;
        poller.queue.close().await;
        mailbox.receives("no te pierdas").await;
        until("it was fetched", async || house.has_fetched()).await;
        poller.stop().await;
        assert_eq!(house.cursor(channel, "imap:INBOX").await, cursor);

        let (poller, mut inbox) = (house.poller().await, house.inbox().await);
        assert_eq!(inbox.texts_until("no te pierdas").await, ["no te pierdas"]);
        poller.stop().await;
    });
}

#[test]
fn p2_a_folder_that_was_replaced_brings_no_mail_twice() {
    const FOLDER: &str = "Atenci&APM-n";
    story(async |backend| {
        let (house, mut mailbox) = (House::new(backend).await, Mailbox::new().await);
        mailbox.create(FOLDER).await;
        let channel = mailbox.channel(&house, &[("imap_folder", "Atención")]).await;
        let (poller, worker) = (house.poller().await, house.worker().await);
        for subject in ["uno", "dos"] {
            mailbox.receives_in(FOLDER, subject, subject, None).await;
        }
        until("both are there", async || house.messages().await.len() == 2).await;
        let before = house.cursor(channel, "imap:Atención").await.expect("a cursor");

        mailbox.delete(FOLDER).await;
        mailbox.create(FOLDER).await;
        for subject in ["uno", "dos", "tres"] {
            mailbox.receives_in(FOLDER, subject, subject, None).await;
        }
        until("the third is there", async || house.messages().await.len() >= 3).await;
        let texts = house.messages().await;
        assert_eq!(texts.len(), 3, "{texts:?}");
        let after = house.cursor(channel, "imap:Atención").await.expect("a cursor");
        assert_ne!(before.split(':').next(), after.split(':').next(), "another UIDVALIDITY");
        poller.stop().await;
        worker.stop().await;
    });
}

#[test]
fn p10_a_wrong_password_is_explained_and_the_right_one_is_enough() {
    story(async |backend| {
        let (house, mut mailbox) = (House::new(backend).await, Mailbox::new().await);
        let channel = mailbox.channel(&house, &[("imap_password", "hunter2")]).await;
        mailbox.receives("¿hay alguien?").await;
        let (poller, mut inbox) = (house.poller().await, house.inbox().await);

        let complaint = house.complains(channel, "cannot receive: ").await;
        let expected = format!("cannot receive: the mail server 127.0.0.1 does not accept user {} with", mailbox.user);
        assert!(complaint.starts_with(&expected) && !complaint.contains("hunter2"), "{complaint}");
        house.mend(channel, "imap_password", "secret").await;
        inbox.texts_until("¿hay alguien?").await;
        house.recovers(channel).await;
        poller.stop().await;
    });
}

#[test]
fn p10_a_folder_that_does_not_exist_is_named() {
    story(async |backend| {
        let (house, mut mailbox) = (House::new(backend).await, Mailbox::new().await);
        let channel = mailbox.channel(&house, &[("imap_folder", "Nada")]).await;
        let (poller, mut inbox) = (house.poller().await, house.inbox().await);
        house.complains(channel, "cannot receive: the mail server 127.0.0.1 does not open the folder Nada: ").await;

        mailbox.create("Nada").await;
        mailbox.receives_in("Nada", "algo", "texto", None).await;
        inbox.texts_until("algo").await;
        house.recovers(channel).await;
        poller.stop().await;
    });
}

#[test]
fn p8_of_a_mail_that_is_too_large_the_header_comes() {
    story(async |backend| {
        let (house, mut mailbox) = (House::new(backend).await, Mailbox::new().await);
        mailbox.channel(&house, &[]).await;
        let (poller, worker) = (house.poller().await, house.worker().await);
        let line = "Una línea muy larga de relleno. ".repeat(30) + "\r\n";
        let mail = line.repeat((41 << 20) / line.len());
        mailbox.receives_in("INBOX", "enorme", &mail, None).await;
        mailbox.receives("después").await;

        until("both are there", async || house.messages().await.len() == 2).await;
        let texts = house.messages().await;
        assert!(texts[0].contains("[correo sin texto]"), "{texts:?}");
        poller.stop().await;
        worker.stop().await;
    });
}

#[test]
fn p1_a_cut_connection_is_made_again() {
    story(async |backend| {
        let (house, mut mailbox) = (House::new(backend).await, Mailbox::new().await);
        let proxy = Proxy::start(mailbox.address()).await;
        let port = proxy.address.port().to_string();
        let channel = mailbox.channel(&house, &[("imap_port", &port)]).await;
        let (poller, mut inbox) = (house.poller().await, house.inbox().await);
        mailbox.receives("antes").await;
        inbox.texts_until("antes").await;

        proxy.cut();
        mailbox.receives("mientras").await;
        house.complains(channel, "cannot receive: the mail server 127.0.0.1 ").await;
        proxy.restore();
        inbox.texts_until("mientras").await;
        mailbox.receives("después").await;
        assert_eq!(inbox.texts_until("después").await, ["antes", "mientras", "después"]);
        house.recovers(channel).await;
        poller.stop().await;
    });
}

#[test]
fn two_processes_bring_each_mail_once_and_one_takes_over() {
    story(async |backend| {
        let (house, mut mailbox) = (House::new(backend).await, Mailbox::new().await);
        let channel = mailbox.channel(&house, &[]).await;
        let (one, two, mut inbox) = (house.poller().await, house.poller().await, house.inbox().await);
        is_watched(&house, channel, "INBOX").await;
        for subject in ["uno", "dos", "tres"] {
            mailbox.receives(subject).await;
        }
        inbox.texts_until("tres").await;
        one.stop().await;
        mailbox.receives("cuatro").await;
        inbox.texts_until("cuatro").await;
        two.stop().await;
        let three = house.poller().await;
        mailbox.receives("cinco").await;
        assert_eq!(inbox.texts_until("cinco").await, ["uno", "dos", "tres", "cuatro", "cinco"]);
        three.stop().await;
    });
}
