//! Agents answer on every channel, and the platforms have good and bad days.

use std::time::Duration;

use anyhow::{Context, bail};
use relevo_adapters::outbound::{Act, Button, OutboundFile};
use tokio::time::Instant;

use super::{
    agent::Waiting,
    house::Opened,
    outbox::{Fate, Going},
    outside::TEMPLATE,
    platforms::{Fault, Gone, Trouble},
    screen::Ink,
    show::{PATIENCE, Show},
};
use crate::{desk::reply::To, store::tickets};

/// Between two looks at messages that are under way.
const LOOK: Duration = Duration::from_millis(25);

const FEW: &str = "too few customers have written";
const GREETING: &str = "Hola, soy Ana de Casa Luma. Reviso tu caso y te cuento enseguida.";
const PICTURE: &str = "Así se ve la manta gris que nos queda.";
const MAIL: &str = "Recibimos su correo; la factura corregida le llega hoy mismo.";
const COMMENT: &str = "¡Gracias por escribirnos! La oferta dura hasta el domingo.";
const POLLED: &str = "Tu despacho sale mañana a primera hora.";
const RETRIED: &str = "Ya anulamos el segundo cobro.";
const UNANSWERED: &str = "Tu cambio quedó agendado para el jueves.";
const REFUSED: &str = "¿Pudiste revisar la cotización?";
const QUESTION: &str = "¿Te lo enviamos o lo retiras en la tienda?";
const BUTTONS: [(&str, &str); 2] = [("envio", "Envío"), ("retiro", "Retiro en tienda")];
const PRESSED: &str = "Perfecto, te esperamos en la tienda de Ñuñoa.";
const THANKS: &str = "¡Qué rápido! Paso hoy en la tarde 😊";

impl Show<'_, '_> {
    /// A reply on every channel, a picture, a template and a question with buttons.
    pub(super) async fn answers(&mut self) -> anyhow::Result<()> {
        self.screen.title("Agents answer: what leaves, and what the platforms say became of it")?;
        let channels = &self.house.channels;
        let [first, second, ..] = &self.house.waiting(&channels.whatsapp).await?[..] else { bail!(FEW) };
        let [asked, ..] = &self.house.waiting(&channels.telegram).await?[..] else { bail!(FEW) };
        let [mailed, ..] = &self.house.waiting(&channels.email).await?[..] else { bail!(FEW) };
        let [commented, ..] = &self.house.waiting(&channels.facebook).await?[..] else { bail!(FEW) };
        let [polled, ..] = &self.house.waiting(&channels.fetched).await?[..] else { bail!(FEW) };
        let picture = self.house.picture().await?;
        self.reply(&channels.whatsapp, first, text(GREETING), Fate::Taken).await?;
        self.reply(&channels.whatsapp, second, with_file(PICTURE, picture), Fate::Taken).await?;
        self.reply(&channels.email, mailed, text(MAIL), Fate::Taken).await?;
        self.reply(&channels.facebook, commented, text(COMMENT), Fate::Taken).await?;
        self.reply(&channels.fetched, polled, text(POLLED), Fate::Taken).await?;
        self.follow().await?;
        self.template().await?;
        self.question(asked).await
    }

    /// A platform that is down, one whose answer gets lost, and a customer who cannot be reached.
    pub(super) async fn troubled_answers(&mut self) -> anyhow::Result<()> {
        self.screen.title("Platforms in trouble: tried again, settled by a report, or failed with a reason")?;
        let (channels, outside) = (&self.house.channels, &self.house.outside);
        let [.., lost] = &self.house.waiting(&channels.whatsapp).await?[..] else { bail!(FEW) };
        let [_, retried, refused, ..] = &self.house.waiting(&channels.telegram).await?[..] else { bail!(FEW) };
        let down = Fault::Fail { status: 502, body: "Bad Gateway".to_owned() };
        outside.bot.make_trouble(Trouble::once(down).to(retried.recipient()));
        outside.graph.make_trouble(Trouble::once(Fault::LoseAnswer).on("messages").to(lost.recipient()));
        let blocked = refused.recipient().parse().context("a Telegram thread is named by its chat")?;
        outside.bot.lose_chat(blocked, Gone::Blocked);
        self.screen.line(
            Ink::Faint,
            "  Telegram answers 502 once; Meta's answer is lost on the way; a customer blocks the bot",
        )?;
        self.reply(&channels.telegram, retried, text(RETRIED), Fate::Retried).await?;
        self.reply(&channels.whatsapp, lost, text(UNANSWERED), Fate::Unanswered).await?;
        self.reply(&channels.telegram, refused, text(REFUSED), Fate::Refused).await?;
        self.follow().await
    }

    /// The shop writes first, and the customer's answer comes to the same ticket.
    async fn template(&mut self) -> anyhow::Result<()> {
        let channel = &self.house.channels.whatsapp;
        let newcomer = self.platforms.whatsapp.platform.newcomer().context("every customer has written")?;
        let to = self.house.number(channel, &format!("+{}", newcomer.number)).await?;
        let parameters = vec![newcomer.first_name.to_owned(), "A-1042".to_owned()];
        let (name, language) = (TEMPLATE.0.to_owned(), TEMPLATE.1.to_owned());
        let act = Act::Template { name, language, parameters, components: None };
        self.screen.line(
            Ink::Plain,
            &format!("  whatsapp  the template «{}» to {}, who never wrote", TEMPLATE.0, newcomer.name),
        )?;
        let to = To::Destination { channel: channel.id, destination: to };
        self.say(channel, to, act, Fate::Taken, Some(&newcomer.conversation)).await?;
        self.follow().await?;
        let now = self.house.app.foundation().clock.now();
        let answer = self.platforms.whatsapp.platform.text(&newcomer.name, THANKS, now);
        self.send(channel, &answer.context("the customer is known")?, 200).await?;
        self.settle().await
    }

    /// A question with buttons, one of them pressed, and what is said to that.
    async fn question(&mut self, asked: &Waiting) -> anyhow::Result<()> {
        let house = self.house;
        let channel = &house.channels.telegram;
        let button = |(id, title): &(&str, &str)| Button { id: (*id).to_owned(), title: (*title).to_owned() };
        let buttons = BUTTONS.iter().map(button).collect();
        let act = Act::Text { text: QUESTION.to_owned(), html: None, subject: None, files: Vec::new(), buttons };
        self.reply(channel, asked, act, Fate::Taken).await?;
        self.follow().await?;
        let entries = house.outside.bot.ledger();
        let question = entries.iter().find(|entry| entry.text.as_deref() == Some(QUESTION));
        let bearer = question.and_then(|entry| entry.id.as_deref()?.parse().ok()).context("no question was sent")?;
        let chat = asked.recipient().parse().context("a Telegram thread is named by its chat")?;
        let now = house.app.foundation().clock.now();
        let pressed = self.platforms.telegram.platform.press(chat, bearer, QUESTION, &BUTTONS, now);
        self.send(channel, &pressed.context("nobody has this chat")?, 200).await?;
        self.settle().await?;
        self.reply(channel, asked, text(PRESSED), Fate::Taken).await?;
        self.follow().await
    }

    async fn reply(&mut self, channel: &Opened, to: &Waiting, act: Act, fate: Fate) -> anyhow::Result<()> {
        let Waiting { customer, number, .. } = to;
        let about = format!("  {:<9} to {customer} (ticket {number}): «{}»", channel.target.kind, words(&act));
        self.screen.line(Ink::Plain, &about)?;
        self.say(channel, To::Conversation(to.conversation.clone()), act, fate, None).await
    }

    /// `opens`: the conversation that begins with it.
    async fn say(&mut self, channel: &Opened, to: To, act: Act, fate: Fate, opens: Option<&str>) -> anyhow::Result<()> {
        let kind = &channel.target.kind;
        let (words, word) = (words(&act), word(&act));
        let queued = self.house.say(to, act).await?;
        self.ledger.said(kind, channel.name, word, opens);
        let ticket = queued.ticket.context("a reply without a ticket")?;
        let mut tx = self.house.app.foundation().db.read().await?;
        let number = tickets::find(&mut tx, self.house.company, &ticket).await?.map_or(0, |ticket| ticket.number);
        let [message] = &queued.messages[..] else { bail!("a short reply became several messages") };
        self.outbox.push(Going::new(message.clone(), kind, number, &words, fate));
        Ok(())
    }

    /// Tells of every message until all have ended. What does not end is seen at the end of the show.
    async fn follow(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let mut under_way = 0;
            for going in &mut self.outbox {
                let trail = self.house.trail(&going.id).await?;
                going.tell(&trail, self.screen)?;
                under_way += u32::from(!going.has_ended(&trail));
            }
            match under_way {
                0 => break,
                _ if Instant::now() > deadline => break,
                _ => tokio::time::sleep(LOOK).await,
            }
        }
        self.house.outside.graph.settled().await;
        self.settle().await
    }
}

fn text(words: &str) -> Act {
    with_files(words, Vec::new())
}

fn with_file(words: &str, file: OutboundFile) -> Act {
    with_files(words, vec![file])
}

fn with_files(words: &str, files: Vec<OutboundFile>) -> Act {
    Act::Text { text: words.to_owned(), html: None, subject: None, files, buttons: Vec::new() }
}

/// What an act says.
fn words(act: &Act) -> String {
    match act {
        Act::Text { text, .. } => text.clone(),
        other => other.name().to_owned(),
    }
}

/// What a message is then.
fn word(act: &Act) -> &'static str {
    match act {
        Act::Text { files, .. } if !files.is_empty() => "image",
        Act::Template { .. } => "template",
        _ => "text",
    }
}
