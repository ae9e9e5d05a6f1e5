//! One conversation with a client.

use std::io;

use base64::{Engine, engine::general_purpose::STANDARD};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream},
    net::TcpStream,
};

use super::{Office, SmtpFault, Stage};

/// RFC 5321 allows 512 bytes in a command; a long login needs more.
const LONGEST_LINE: u64 = 12 * 1024;

const BAD_LOGIN: &str = "535 5.7.8 Error: authentication failed";
const NO_SUCH_USER: &str = "550 5.1.1 Recipient address rejected: User unknown";
const TOO_LARGE: &str = "552 5.3.4 Message size exceeds fixed limit";
const OUT_OF_ORDER: &str = "503 5.5.1 Error: bad sequence of commands";
const SYNTAX: &str = "501 5.5.4 Syntax error in parameters";
const NOT_BASE64: &str = "501 5.5.2 Cannot decode response";

struct Session<'a> {
    office: &'a Office,
    stream: BufStream<TcpStream>,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

/// What a command leads to.
enum Next {
    Reply(String),
    /// The last reply.
    Bye(String),
    /// The connection is lost.
    Lost,
    /// The connection is lost once the mail is taken.
    Taken,
}

fn reply(text: impl Into<String>) -> io::Result<Next> {
    Ok(Next::Reply(text.into()))
}

/// Talks with a client until it goes.
///
/// # Errors
/// If the connection breaks.
pub(super) async fn converse(office: &Office, stream: TcpStream) -> io::Result<()> {
    let mut session = Session { office, stream: BufStream::new(stream), user: None, from: None, to: Vec::new() };
    match session.trouble(Stage::Connect, None).await {
        None => session.say("220 mail.casaluma.example ESMTP").await?,
        Some(Next::Lost | Next::Taken) => return Ok(()),
        // Who is refused at the door gets no second word.
        Some(Next::Reply(text) | Next::Bye(text)) => return session.say(&text).await,
    }
    while let Some(line) = session.line().await? {
        match session.command(&line).await? {
            Next::Reply(text) => session.say(&text).await?,
            Next::Bye(text) => return session.say(&text).await,
            Next::Lost | Next::Taken => return Ok(()),
        }
    }
    Ok(())
}

impl Session<'_> {
    async fn say(&mut self, text: &str) -> io::Result<()> {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    /// The next line, or `None` at the end.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let read = (&mut self.stream).take(LONGEST_LINE).read_until(b'\n', &mut line).await?;
        let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        Ok((read > 0).then_some(text))
    }

    /// What a test wants to go wrong here.
    async fn trouble(&mut self, stage: Stage, recipient: Option<&str>) -> Option<Next> {
        Some(match self.office.meet(stage, recipient)? {
            SmtpFault::Refuse(text) if text.starts_with("421") => Next::Bye(text),
            SmtpFault::Refuse(text) => Next::Reply(text),
            SmtpFault::Hang => std::future::pending().await,
            SmtpFault::Drop => Next::Lost,
            SmtpFault::TakeAndDrop if stage == Stage::AfterDot => Next::Taken,
            SmtpFault::TakeAndDrop => Next::Lost,
        })
    }

    async fn command(&mut self, line: &str) -> io::Result<Next> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                self.reset();
                reply(self.greeting())
            }
            "HELO" => {
                self.reset();
                reply("250 mail.casaluma.example")
            }
            "AUTH" => self.auth(rest).await,
            "MAIL" => self.mail(rest).await,
            "RCPT" => self.rcpt(rest).await,
            "DATA" => self.data().await,
            "RSET" => {
                self.reset();
                reply("250 2.0.0 Ok")
            }
            "NOOP" => reply("250 2.0.0 Ok"),
            "QUIT" => Ok(Next::Bye("221 2.0.0 Bye".to_owned())),
            _ => reply("500 5.5.2 Error: command not recognized"),
        }
    }

    fn reset(&mut self) {
        self.from = None;
        self.to.clear();
    }

    fn greeting(&self) -> String {
        let size = self.office.lock().largest;
        let mut lines = vec![
            "mail.casaluma.example".to_owned(),
            format!("SIZE {size}"),
            "8BITMIME".to_owned(),
            "SMTPUTF8".to_owned(),
            "PIPELINING".to_owned(),
            "ENHANCEDSTATUSCODES".to_owned(),
        ];
        if self.office.login.is_some() {
            lines.push("AUTH PLAIN LOGIN".to_owned());
        }
        let last = lines.len() - 1;
        let line = |(at, line): (usize, &String)| format!("250{}{line}", if at == last { ' ' } else { '-' });
        lines.iter().enumerate().map(line).collect::<Vec<_>>().join("\r\n")
    }

    async fn auth(&mut self, rest: &str) -> io::Result<Next> {
        if self.user.is_some() || self.office.login.is_none() {
            return reply(OUT_OF_ORDER);
        }
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let login = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let answer = match initial {
                    "" => self.ask("").await?,
                    initial => decoded(initial),
                };
                answer.and_then(|answer| {
                    let mut parts = answer.splitn(3, '\0').skip(1);
                    Some((parts.next()?.to_owned(), parts.next()?.to_owned()))
                })
            }
            "LOGIN" => {
                let user = match initial {
                    "" => self.ask("Username:").await?,
                    initial => decoded(initial),
                };
                let password = self.ask("Password:").await?;
                user.zip(password)
            }
            _ => return reply("504 5.5.4 Unrecognized authentication type"),
        };
        if let Some(trouble) = self.trouble(Stage::Auth, None).await {
            return Ok(trouble);
        }
        match login {
            None => reply(NOT_BASE64),
            login if login == self.office.login => {
                self.user = login.map(|(user, _)| user);
                reply("235 2.7.0 Authentication successful")
            }
            Some(_) => reply(BAD_LOGIN),
        }
    }

    /// Asks for a part of a login.
    async fn ask(&mut self, prompt: &str) -> io::Result<Option<String>> {
        self.say(&format!("334 {}", STANDARD.encode(prompt))).await?;
        let line = self.line().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(decoded(&line))
    }

    async fn mail(&mut self, rest: &str) -> io::Result<Next> {
        if let Some(trouble) = self.trouble(Stage::Mail, None).await {
            return Ok(trouble);
        }
        let Some((address, parameters)) = path(rest, "FROM:") else { return reply(SYNTAX) };
        let size = parameters.split(' ').find_map(|word| word.to_ascii_uppercase().strip_prefix("SIZE=")?.parse().ok());
        match (&self.office.login, &self.user, self.from.is_some()) {
            (Some(_), None, _) => reply("530 5.7.0 Authentication required"),
            (.., true) => reply(OUT_OF_ORDER),
            _ if size.is_some_and(|size: usize| size > self.office.lock().largest) => reply(TOO_LARGE),
            _ => {
                self.from = Some(address);
                reply("250 2.1.0 Ok")
            }
        }
    }

    async fn rcpt(&mut self, rest: &str) -> io::Result<Next> {
        let Some((address, _)) = path(rest, "TO:") else { return reply(SYNTAX) };
        let lower = address.to_ascii_lowercase();
        if let Some(trouble) = self.trouble(Stage::Rcpt, Some(&lower)).await {
            return Ok(trouble);
        }
        let unknown = self.office.lock().unknown.contains(&lower);
        match (self.from.is_some(), unknown, address.contains('@')) {
            (false, ..) => reply(OUT_OF_ORDER),
            (true, true, _) => reply(NO_SUCH_USER),
            (true, false, false) => reply("553 5.1.3 Bad recipient address syntax"),
            (true, false, true) => {
                self.to.push(address);
                reply("250 2.1.5 Ok")
            }
        }
    }

    async fn data(&mut self) -> io::Result<Next> {
        if let Some(trouble) = self.trouble(Stage::Data, None).await {
            return Ok(trouble);
        }
        if self.to.is_empty() {
            return reply("554 5.5.1 Error: no valid recipients");
        }
        self.say("354 End data with <CR><LF>.<CR><LF>").await?;
        let data = self.body().await?;
        let answer = match (self.trouble(Stage::AfterDot, None).await, data) {
            (Some(trouble @ (Next::Reply(_) | Next::Bye(_) | Next::Lost)), _) => trouble,
            (_, None) => Next::Reply(TOO_LARGE.to_owned()),
            (trouble, Some(data)) => {
                let from = self.from.clone().unwrap_or_default();
                let id = self.office.take(self.user.as_deref(), &from, &self.to, &data);
                trouble.unwrap_or_else(|| Next::Reply(format!("250 2.0.0 Ok: queued as {id}")))
            }
        };
        self.reset();
        Ok(answer)
    }

    /// Everything up to the final dot; `None` if it is too large.
    async fn body(&mut self) -> io::Result<Option<Vec<u8>>> {
        let largest = self.office.lock().largest;
        let mut data = Some(Vec::new());
        loop {
            let mut line = Vec::new();
            if self.stream.read_until(b'\n', &mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line == b".\r\n" {
                return Ok(data);
            }
            let line = line.strip_prefix(b".").unwrap_or(&line);
            data = data.filter(|data: &Vec<u8>| data.len() + line.len() <= largest);
            if let Some(data) = &mut data {
                data.extend_from_slice(line);
            }
        }
    }
}

/// `FROM:<a@b> SIZE=5` as the address and what follows.
fn path(rest: &str, word: &str) -> Option<(String, String)> {
    let start = rest.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word))?;
    let rest = rest[start.len()..].trim_start().strip_prefix('<')?;
    let (address, parameters) = rest.split_once('>')?;
    Some((address.to_owned(), parameters.trim().to_owned()))
}

fn decoded(text: &str) -> Option<String> {
    String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()
}
