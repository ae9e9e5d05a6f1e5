//! Agents answer on every channel, and the platforms have good and bad days.

use std::time::Duration;

use anyhow::{Context, bail};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    agent::Waiting,
    house::Opened,
    outbox::{Fate, Going},
    outside::TEMPLATE,
    platforms::{Fault, Gone, Trouble},
    sample::PNG,
    screen::Ink,
    show::{PATIENCE, Show},
};
/// Between two looks at messages that are under way.
const LOOK: Duration = Duration::from_millis(25);

/// To a conversation, and to a number.
const CHAT: &str = "/api/chat/sendChatMessage";
const NUMBER: &str = "/api/meta/sendMessagesWAP";

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
        self.screen.title("Agents answer (POST /api/chat/sendChatMessage): what leaves, and what becomes of it")?;
        let channels = &self.house.channels;
        let [first, second, ..] = &self.house.waiting(&channels.whatsapp).await?[..] else { bail!(FEW) };
        let [asked, ..] = &self.house.waiting(&channels.telegram).await?[..] else { bail!(FEW) };
        let [mailed, ..] = &self.house.waiting(&channels.email).await?[..] else { bail!(FEW) };
        let [commented, ..] = &self.house.waiting(&channels.facebook).await?[..] else { bail!(FEW) };
        let [polled, ..] = &self.house.waiting(&channels.fetched).await?[..] else { bail!(FEW) };
        let made = self.reply(&channels.whatsapp, first, Said::text(GREETING), Fate::Taken).await?;
        self.call_again(&made).await?;
        self.reply(&channels.whatsapp, second, Said::picture(PICTURE), Fate::Taken).await?;
        self.reply(&channels.email, mailed, Said::text(MAIL), Fate::Taken).await?;
        self.reply(&channels.facebook, commented, Said::text(COMMENT), Fate::Taken).await?;
        self.reply(&channels.fetched, polled, Said::text(POLLED), Fate::Taken).await?;
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
        self.reply(&channels.telegram, retried, Said::text(RETRIED), Fate::Retried).await?;
        self.reply(&channels.whatsapp, lost, Said::text(UNANSWERED), Fate::Unanswered).await?;
        self.reply(&channels.telegram, refused, Said::text(REFUSED), Fate::Refused).await?;
        self.follow().await
    }

    /// The shop writes first, and the customer's answer comes to the same ticket.
    async fn template(&mut self) -> anyhow::Result<()> {
        let channel = &self.house.channels.whatsapp;
        let newcomer = self.platforms.whatsapp.platform.newcomer().context("every customer has written")?;
        let said = Said::template(&[newcomer.first_name, "A-1042"]);
        let about = format!("  whatsapp  the template «{}» to {}, who never wrote", TEMPLATE.0, newcomer.name);
        self.screen.line(Ink::Plain, &about)?;
        let to = json!({ "whatsapp_channel": channel.id, "to": newcomer.number });
        self.say(channel, (NUMBER, to), said, Fate::Taken, Some(&newcomer.conversation)).await?;
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
        self.reply(channel, asked, Said::question(QUESTION, &BUTTONS), Fate::Taken).await?;
        self.follow().await?;
        let entries = house.outside.bot.ledger();
        let question = entries.iter().find(|entry| entry.text.as_deref() == Some(QUESTION));
        let bearer = question.and_then(|entry| entry.id.as_deref()?.parse().ok()).context("no question was sent")?;
        let chat = asked.recipient().parse().context("a Telegram thread is named by its chat")?;
        let now = house.app.foundation().clock.now();
        let pressed = self.platforms.telegram.platform.press(chat, bearer, QUESTION, &BUTTONS, now);
        self.send(channel, &pressed.context("nobody has this chat")?, 200).await?;
        self.settle().await?;
        self.reply(channel, asked, Said::text(PRESSED), Fate::Taken).await?;
        self.follow().await
    }

    /// A program that did not see our answer makes its call once more (P6).
    async fn call_again(&mut self, made: &Made) -> anyhow::Result<()> {
        let again = self.house.api.send(made.path, &made.fields, &made.key).await?;
        self.verdict.equal("the message of a repeated call", &made.message, &again.id_message);
        let about = "            the same call again, with the same Idempotency-Key: it is the same message";
        self.screen.line(Ink::Faint, about).map_err(Into::into)
    }

    async fn reply(&mut self, channel: &Opened, to: &Waiting, said: Said, fate: Fate) -> anyhow::Result<Made> {
        let Waiting { customer, number, conversation, .. } = to;
        let about = format!("  {:<9} to {customer} (ticket {number}): «{}»", channel.target.kind, said.words);
        self.screen.line(Ink::Plain, &about)?;
        self.say(channel, (CHAT, json!({ "id_chat": conversation })), said, fate, None).await
    }

    /// Makes the call; `opens` is the conversation that begins with it.
    async fn say(
        &mut self,
        channel: &Opened,
        (path, mut fields): (&'static str, Value),
        said: Said,
        fate: Fate,
        opens: Option<&str>,
    ) -> anyhow::Result<Made> {
        fields["author"] = json!({ "name": "Ana, de Casa Luma" });
        if let (Some(fields), Value::Object(more)) = (fields.as_object_mut(), said.fields) {
            fields.extend(more);
        }
        let key = self.house.app.foundation().clock.id();
        let taken = self.house.api.send(path, &fields, &key).await?;
        let [message] = &taken.ids[..] else { bail!("a short reply became several messages") };
        let kind = &channel.target.kind;
        self.ledger.said(kind, channel.name, said.word, opens);
        let ticket = self.house.api.ticket(&taken.id_ticket).await?.identifier;
        self.outbox.push(Going::new(message.clone(), kind, &ticket, &said.words, fate));
        Ok(Made { path, fields, key, message: taken.id_message })
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

/// What an agent says.
#[derive(Debug)]
struct Said {
    /// No other message has the same.
    words: String,
    /// What the message is then.
    word: &'static str,
    /// The call's fields.
    fields: Value,
}

impl Said {
    fn text(words: &str) -> Self {
        Self { words: words.to_owned(), word: "text", fields: json!({ "message": words }) }
    }

    fn picture(words: &str) -> Self {
        let fields = json!({ "message": words, "file": STANDARD.encode(PNG), "file_name": "manta-gris.png" });
        Self { words: words.to_owned(), word: "image", fields }
    }

    fn question(words: &str, buttons: &[(&str, &str)]) -> Self {
        let buttons: Vec<Value> = buttons.iter().map(|(id, title)| json!({ "id": id, "title": title })).collect();
        Self { words: words.to_owned(), word: "text", fields: json!({ "message": words, "buttons": buttons }) }
    }

    fn template(parameters: &[&str]) -> Self {
        let (name, language) = TEMPLATE;
        let template = json!({ "name": name, "language": language, "parameters": parameters });
        Self { words: format!("[{name}]"), word: "template", fields: json!({ "template": template }) }
    }
}

/// A call that was made, as its program remembers it.
#[derive(Debug)]
struct Made {
    path: &'static str,
    fields: Value,
    key: String,
    message: String,
}
