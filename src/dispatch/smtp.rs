//! Handing mails to a server, step by step, so that it is known at which step something went wrong.

use std::{error::Error as _, time::Duration};

use lettre::{
    Address,
    transport::smtp::{
        Error,
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::{AsyncSmtpConnection, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, MailBodyParameter, MailParameter},
    },
};
use relevo_adapters::{
    outbound::{Letter, MailFailure, SmtpServer, SmtpStage, SmtpTls},
    text,
};
use secrecy::ExposeSecret;
use tokio::time::timeout;

/// Until the connection stands and the login is decided.
const CONNECT: Duration = Duration::from_secs(30);
/// Until each further command is answered (RFC 5321 §4.5.3.2 grants more; nobody waits that long).
const COMMAND: Duration = Duration::from_secs(60);
/// Until the server has decided about a whole mail.
const MESSAGE: Duration = Duration::from_secs(300);
/// Bytes of a server's own words that are kept.
const WORDS: usize = 500;

type Result<T> = std::result::Result<T, MailFailure>;

/// Hands a mail over; gives the server's last line.
pub(super) async fn deliver(server: &SmtpServer, letter: Letter) -> Result<String> {
    let mut connection = connect(server).await?;
    let done = hand_over(&mut connection, server, letter).await;
    // The mail is decided: how the connection ends changes nothing.
    _ = timeout(COMMAND, connection.abort()).await;
    done
}

/// Logs in and out again; says who answered.
pub(super) async fn try_out(server: &SmtpServer) -> Result<String> {
    let mut connection = connect(server).await?;
    let name = connection.server_info().name().to_owned();
    _ = timeout(COMMAND, connection.abort()).await;
    Ok(name)
}

async fn connect(server: &SmtpServer) -> Result<AsyncSmtpConnection> {
    match timeout(CONNECT, log_in(server)).await {
        Ok(done) => done,
        Err(_) => Err(MailFailure::NotSent("the mail server does not answer".to_owned())),
    }
}

async fn log_in(server: &SmtpServer) -> Result<AsyncSmtpConnection> {
    let hello = ClientId::default();
    let tls = match server.tls {
        SmtpTls::None => None,
        SmtpTls::Implicit | SmtpTls::StartTls => Some(
            TlsParameters::new(server.host.clone())
                .map_err(|error| MailFailure::NotSent(format!("TLS cannot be set up: {}", words(server, &error))))?,
        ),
    };
    let at_once = tls.clone().filter(|_| server.tls == SmtpTls::Implicit);
    let address = (server.host.as_str(), server.port);
    let stage = |stage| move |error: Error| failure(server, &error, stage);
    let mut connection = AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT), &hello, at_once, None)
        .await
        .map_err(stage(SmtpStage::Connect))?;
    if let Some(tls) = tls.filter(|_| server.tls == SmtpTls::StartTls) {
        connection.starttls(tls, &hello).await.map_err(stage(SmtpStage::Connect))?;
    }
    if let Some((user, password)) = &server.login {
        let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
        connection.auth(DEFAULT_MECHANISMS, &credentials).await.map_err(stage(SmtpStage::Login))?;
    }
    Ok(connection)
}

async fn hand_over(connection: &mut AsyncSmtpConnection, server: &SmtpServer, letter: Letter) -> Result<String> {
    let address = |text: &str, stage| {
        text.parse::<Address>().map_err(|_| MailFailure::Refused {
            code: 553,
            enhanced: Some("5.1.3".to_owned()),
            text: "not a mail address".to_owned(),
            stage,
        })
    };
    let from = letter.from.as_deref().map(|from| address(from, SmtpStage::Sender)).transpose()?;
    let parameters = match letter.data.is_ascii() {
        true => Vec::new(),
        false => vec![MailParameter::Body(MailBodyParameter::EightBitMime)],
    };
    command(connection, server, Mail::new(from, parameters), SmtpStage::Sender).await?;
    for to in &letter.to {
        let to = address(to, SmtpStage::Recipient)?;
        command(connection, server, Rcpt::new(to, Vec::new()), SmtpStage::Recipient).await?;
    }
    command(connection, server, Data, SmtpStage::Data).await?;
    match timeout(MESSAGE, connection.message(&letter.data)).await {
        Ok(Ok(response)) => {
            let code = response.code();
            let line = response.first_line().unwrap_or_default().to_owned();
            Ok(text::clean(&format!("{code} {line}"), WORDS))
        }
        // Without an answer to the final dot nobody knows; with a refusal it is certain.
        Ok(Err(error)) if error.status().is_none() => Err(MailFailure::Unknown(words(server, &error))),
        Ok(Err(error)) => Err(failure(server, &error, SmtpStage::Data)),
        Err(_) => Err(MailFailure::Unknown("the mail server does not answer".to_owned())),
    }
}

async fn command<C: std::fmt::Display>(
    connection: &mut AsyncSmtpConnection,
    server: &SmtpServer,
    command: C,
    stage: SmtpStage,
) -> Result<()> {
    match timeout(COMMAND, connection.command(command)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(failure(server, &error, stage)),
        Err(_) => Err(MailFailure::NotSent("the mail server does not answer".to_owned())),
    }
}

fn failure(server: &SmtpServer, error: &Error, stage: SmtpStage) -> MailFailure {
    let said = words(server, error);
    match error.status() {
        Some(code) => {
            let code = code.to_string().parse().unwrap_or_default();
            MailFailure::Refused { code, enhanced: enhanced(&said), text: said, stage }
        }
        // The server offers no login that we know, or no STARTTLS: that is how it is set up.
        None if error.is_client() && stage == SmtpStage::Login => {
            MailFailure::Refused { code: 538, enhanced: Some("5.7.11".to_owned()), text: said, stage }
        }
        None if error.is_client() => {
            MailFailure::Refused { code: 530, enhanced: Some("5.7.0".to_owned()), text: said, stage }
        }
        None => MailFailure::NotSent(said),
    }
}

/// The server's words, made harmless: it might repeat what it was sent.
fn words(server: &SmtpServer, error: &Error) -> String {
    let said = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let hushed = match &server.login {
        Some((_, password)) if !password.expose_secret().is_empty() => said.replace(password.expose_secret(), "****"),
        _ => said,
    };
    text::clean(&hushed, WORDS)
}

/// The enhanced status code at the beginning of a reply's text (RFC 3463).
fn enhanced(said: &str) -> Option<String> {
    let word = said.split_whitespace().next()?;
    let mut parts = word.split('.');
    let class = parts.next().filter(|class| matches!(*class, "2" | "4" | "5"));
    let number = |part: Option<&str>| part.is_some_and(|part| part.len() <= 3 && part.parse::<u16>().is_ok());
    (class.is_some() && number(parts.next()) && number(parts.next()) && parts.next().is_none()).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enhanced_code_is_found_where_it_stands() {
        assert_eq!(enhanced("5.1.1 no such user").as_deref(), Some("5.1.1"));
        for without in ["no such user", "5.1 x", "1.1.1 x", "5.1.1.1 x", "", "5.x.1"] {
            assert_eq!(enhanced(without), None, "{without}");
        }
    }
}
