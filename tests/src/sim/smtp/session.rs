//! One conversation: commands in the order RFC 5321 wants them, and the text with its dots taken off.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::script::{Answer, Stage, take};
use super::tls::Wire;
use super::{Shared, Tls};

/// The longest line of a command, its parameters included.
const COMMAND: usize = 2_048;
/// The longest line of a text, its CRLF included (RFC 5321, 4.5.3.1.6).
const TEXT: usize = 1_000;
const NAME: &str = "mail.sim";

/// Takes mail until the server stops.
pub(super) async fn serve(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        let accepted = tokio::select! {
            () = shared.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::task::yield_now().await;
            continue;
        };
        let shared = Arc::clone(&shared);
        shared.tracker.clone().spawn(async move {
            tokio::select! {
                () = shared.stop.cancelled() => {}
                ended = talk(&shared, stream) => if let Err(error) = ended {
                    tracing::debug!(%error, "a conversation broke off");
                },
            }
        });
    }
}

/// How a step ended.
enum Went {
    On,
    Over,
}

struct Session<'a> {
    shared: &'a Shared,
    wire: BufReader<Box<dyn Wire>>,
    is_greeted: bool,
    /// Whether TLS has begun.
    is_safe: bool,
    /// Whether the client has logged in.
    is_known: bool,
    from: Option<String>,
    to: Vec<String>,
}

async fn talk(shared: &Shared, stream: TcpStream) -> std::io::Result<()> {
    let mut wire: Box<dyn Wire> = Box::new(stream);
    let is_wrapped = shared.config.tls == Tls::Wrapped;
    if let Some(identity) = shared.identity.as_ref().filter(|_| is_wrapped) {
        wire = identity.wrap(wire).await?;
    }
    let mut session = Session {
        shared,
        wire: BufReader::new(wire),
        is_greeted: false,
        is_safe: is_wrapped,
        is_known: false,
        from: None,
        to: Vec::new(),
    };
    let Ok(place) = Arc::clone(&shared.places).try_acquire_owned() else {
        return session.say("421 4.3.2 too many connections").await;
    };
    let greeting = format!("220 {NAME} ESMTP, delivers nothing");
    let fault = session.fault(Stage::Greeting);
    let is_closed = refuses(fault.as_ref());
    if matches!(session.answer(fault, &greeting).await?, Went::Over) || is_closed {
        return Ok(());
    }
    loop {
        let heard = tokio::time::timeout(shared.config.idle, session.line(COMMAND)).await;
        let Ok(line) = heard else {
            return session.say("421 4.4.2 you said nothing for too long").await;
        };
        match line? {
            Line::End => return Ok(()),
            Line::TooLong => session.say("500 5.5.2 line too long").await?,
            Line::Bare => session.say("500 5.5.2 a line ends with CR LF").await?,
            Line::Text(line) => {
                let line = String::from_utf8_lossy(&line).into_owned();
                if matches!(session.obey(&line).await?, Went::Over) {
                    drop(place);
                    return Ok(());
                }
            }
        }
    }
}

enum Line {
    Text(Vec<u8>),
    TooLong,
    /// It ended with LF alone.
    Bare,
    End,
}

impl Session<'_> {
    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.wire
            .write_all(format!("{line}\r\n").as_bytes())
            .await?;
        self.wire.flush().await
    }

    /// What goes wrong at this step, if anything does.
    fn fault(&self, at: Stage) -> Option<Answer> {
        take(&mut self.shared.state(), at, &self.to)
    }

    /// Gives the answer of a step, or what the script says instead.
    async fn answer(&mut self, fault: Option<Answer>, answer: &str) -> std::io::Result<Went> {
        match fault {
            None => self.say(answer).await?,
            Some(Answer::Say { line }) => self.say(&line).await?,
            Some(Answer::HangUp | Answer::Lose) => return Ok(Went::Over),
            Some(Answer::Slow { millis }) => {
                tokio::time::sleep(Duration::from_millis(millis)).await;
                self.say(answer).await?;
            }
        }
        Ok(Went::On)
    }

    async fn line(&mut self, most: usize) -> std::io::Result<Line> {
        let mut line = Vec::new();
        let limit = u64::try_from(most).unwrap_or(u64::MAX);
        let read = (&mut self.wire)
            .take(limit)
            .read_until(b'\n', &mut line)
            .await?;
        if read == 0 {
            return Ok(Line::End);
        }
        if !line.ends_with(b"\n") {
            if read < most {
                return Ok(Line::End);
            }
            // The rest of it, piece by piece, kept nowhere.
            loop {
                let mut rest = Vec::new();
                let read = (&mut self.wire)
                    .take(limit)
                    .read_until(b'\n', &mut rest)
                    .await?;
                if read == 0 || rest.ends_with(b"\n") {
                    return Ok(Line::TooLong);
                }
            }
        }
        line.pop();
        if line.pop() != Some(b'\r') {
            return Ok(Line::Bare);
        }
        Ok(Line::Text(line))
    }

    async fn obey(&mut self, line: &str) -> std::io::Result<Went> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word.to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" if rest.trim().is_empty() => {
                self.say("501 5.5.4 say who you are").await?
            }
            "HELO" => {
                self.reset();
                self.is_greeted = true;
                self.say(&format!("250 {NAME}")).await?;
            }
            "EHLO" => {
                self.reset();
                self.is_greeted = true;
                let all = self.offers();
                self.say(&all).await?;
            }
            "MAIL" => return self.mail(rest).await,
            "RCPT" => return self.rcpt(rest).await,
            "DATA" => return self.data(rest).await,
            "RSET" => {
                self.reset();
                self.say("250 2.0.0 forgotten").await?;
            }
            "NOOP" => self.say("250 2.0.0 OK").await?,
            "VRFY" => self.say("252 2.1.5 send and see").await?,
            "HELP" => self.say("214 2.0.0 see RFC 5321").await?,
            "QUIT" => {
                self.say(&format!("221 2.0.0 {NAME} closes")).await?;
                return Ok(Went::Over);
            }
            "STARTTLS" if self.may_start_tls() => return self.start_tls(rest).await,
            "AUTH" if self.shared.config.log_in.is_some() => return self.auth(rest).await,
            "AUTH" | "STARTTLS" | "EXPN" => self.say("502 5.5.1 not here").await?,
            _ => self.say("500 5.5.2 no such command").await?,
        }
        Ok(Went::On)
    }

    /// The answer to `EHLO`.
    fn offers(&self) -> String {
        let mut all = format!("250-{NAME}\r\n250-SIZE {}\r\n", self.shared.config.largest);
        if self.may_start_tls() {
            all.push_str("250-STARTTLS\r\n");
        }
        if self.shared.config.log_in.is_some() && self.may_say_passwords() {
            all.push_str("250-AUTH PLAIN LOGIN\r\n");
        }
        all.push_str("250 8BITMIME");
        all
    }

    fn may_start_tls(&self) -> bool {
        self.shared.config.tls == Tls::Starttls && !self.is_safe
    }

    fn may_say_passwords(&self) -> bool {
        self.is_safe || self.shared.config.tls == Tls::None
    }

    async fn start_tls(&mut self, rest: &str) -> std::io::Result<Went> {
        if !rest.trim().is_empty() {
            self.say("501 5.5.4 STARTTLS takes nothing").await?;
            return Ok(Went::On);
        }
        self.say("220 2.0.0 begin").await?;
        let nothing: Box<dyn Wire> = Box::new(tokio::io::empty());
        let plain = std::mem::replace(&mut self.wire, BufReader::new(nothing));
        let shared = self.shared;
        // What is here already was said before TLS, by whoever is on the way.
        let Some(identity) = shared
            .identity
            .as_ref()
            .filter(|_| plain.buffer().is_empty())
        else {
            return Ok(Went::Over);
        };
        self.wire = BufReader::new(identity.wrap(plain.into_inner()).await?);
        self.is_safe = true;
        self.is_greeted = false;
        self.reset();
        Ok(Went::On)
    }

    async fn auth(&mut self, rest: &str) -> std::io::Result<Went> {
        if !self.is_greeted || self.is_known {
            self.say("503 5.5.1 once, after EHLO").await?;
            return Ok(Went::On);
        }
        if !self.may_say_passwords() {
            self.say("538 5.7.11 encryption is required").await?;
            return Ok(Went::On);
        }
        let rest = rest.trim();
        let (mechanism, first) = rest.split_once(' ').unwrap_or((rest, ""));
        let given = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let said = self.asked("", first).await?;
                said.and_then(|said| plain(&said))
            }
            "LOGIN" => match self.asked("Username:", first).await? {
                Some(name) => {
                    let password = self.asked("Password:", "").await?;
                    password.map(|password| (name, password))
                }
                None => None,
            },
            _ => {
                self.say("504 5.5.4 PLAIN or LOGIN").await?;
                return Ok(Went::On);
            }
        };
        let Some(given) = given else {
            self.say("501 5.5.2 that is no log-in").await?;
            return Ok(Went::On);
        };
        let fault = self.fault(Stage::Auth);
        let is_right = self.shared.config.log_in.as_ref() == Some(&given);
        self.is_known = is_right && !refuses(fault.as_ref());
        let answer = if is_right {
            "235 2.7.0 logged in"
        } else {
            "535 5.7.8 name or password is wrong"
        };
        self.answer(fault, answer).await
    }

    /// What the client says to a question, both in Base64: with its command, or when it is asked.
    async fn asked(&mut self, question: &str, first: &str) -> std::io::Result<Option<String>> {
        let said = if first.is_empty() {
            self.say(&format!("334 {}", STANDARD.encode(question)))
                .await?;
            match self.line(COMMAND).await? {
                Line::Text(line) => line,
                Line::TooLong | Line::Bare | Line::End => return Ok(None),
            }
        } else {
            first.as_bytes().to_vec()
        };
        let decoded = STANDARD.decode(said).ok();
        Ok(decoded.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    fn reset(&mut self) {
        self.from = None;
        self.to.clear();
    }

    async fn mail(&mut self, rest: &str) -> std::io::Result<Went> {
        if !self.is_greeted {
            self.say("503 5.5.1 say EHLO first").await?;
            return Ok(Went::On);
        }
        if self.shared.config.log_in.is_some() && !self.is_known {
            let wanted = if self.may_say_passwords() {
                "530 5.7.0 Authentication required"
            } else {
                "530 5.7.0 Must issue a STARTTLS command first"
            };
            self.say(wanted).await?;
            return Ok(Went::On);
        }
        if self.from.is_some() {
            self.say("503 5.5.1 one letter at a time").await?;
            return Ok(Went::On);
        }
        let Some((from, parameters)) = path(rest, "FROM:") else {
            self.say("501 5.5.4 write MAIL FROM:<address>").await?;
            return Ok(Went::On);
        };
        for parameter in parameters.split_whitespace() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name.to_ascii_uppercase().as_str() {
                "SIZE" => match value.parse::<usize>() {
                    Ok(size) if size <= self.shared.config.largest => {}
                    Ok(_) => {
                        self.say("552 5.3.4 too large").await?;
                        return Ok(Went::On);
                    }
                    Err(_) => {
                        self.say("501 5.5.4 SIZE is a number").await?;
                        return Ok(Went::On);
                    }
                },
                "BODY" if ["7BIT", "8BITMIME"].contains(&value.to_ascii_uppercase().as_str()) => {}
                _ => {
                    self.say("555 5.5.4 a parameter that is not known here")
                        .await?;
                    return Ok(Went::On);
                }
            }
        }
        let fault = self.fault(Stage::Mail);
        if !refuses(fault.as_ref()) {
            self.from = Some(from.to_owned());
        }
        self.answer(fault, "250 2.1.0 sender OK").await
    }

    async fn rcpt(&mut self, rest: &str) -> std::io::Result<Went> {
        if self.from.is_none() {
            self.say("503 5.5.1 say MAIL first").await?;
            return Ok(Went::On);
        }
        let to = path(rest, "TO:").filter(|(to, _)| to.contains('@'));
        let Some((to, parameters)) = to else {
            self.say("501 5.1.3 write RCPT TO:<name@host>").await?;
            return Ok(Went::On);
        };
        if !parameters.trim().is_empty() {
            self.say("555 5.5.4 a parameter that is not known here")
                .await?;
            return Ok(Went::On);
        }
        if self.to.len() >= self.shared.config.recipients {
            self.say("452 4.5.3 too many recipients").await?;
            return Ok(Went::On);
        }
        self.to.push(to.to_owned());
        let fault = self.fault(Stage::Rcpt);
        if refuses(fault.as_ref()) {
            self.to.pop();
        }
        self.answer(fault, "250 2.1.5 recipient OK").await
    }

    async fn data(&mut self, rest: &str) -> std::io::Result<Went> {
        if !rest.trim().is_empty() {
            self.say("501 5.5.4 DATA takes nothing").await?;
            return Ok(Went::On);
        }
        if self.to.is_empty() {
            self.say("503 5.5.1 say MAIL and RCPT first").await?;
            return Ok(Went::On);
        }
        let fault = self.fault(Stage::Data);
        let is_refused = refuses(fault.as_ref());
        let went = self
            .answer(fault, "354 end with a line that is a dot")
            .await?;
        if is_refused || matches!(went, Went::Over) {
            self.reset();
            return Ok(went);
        }
        self.text().await
    }

    async fn text(&mut self) -> std::io::Result<Went> {
        let mut raw = Vec::new();
        let mut wrong = None;
        loop {
            match self.line(TEXT).await? {
                Line::End => return Ok(Went::Over),
                // A dot after a bare LF does not end a text: it would smuggle a second letter in.
                Line::Bare => wrong = Some("554 5.6.0 a line ends with CR LF"),
                Line::TooLong => wrong = Some("554 5.6.0 a line is longer than 998 letters"),
                Line::Text(line) if line == b"." => break,
                Line::Text(line) => {
                    let line = line.strip_prefix(b".").unwrap_or(&line);
                    if raw.len() + line.len() + 2 > self.shared.config.largest {
                        wrong = Some("552 5.3.4 too large");
                    } else {
                        raw.extend_from_slice(line);
                        raw.extend_from_slice(b"\r\n");
                    }
                }
            }
        }
        if let Some(wrong) = wrong {
            self.reset();
            self.say(wrong).await?;
            return Ok(Went::On);
        }
        let fault = self.fault(Stage::Text);
        let to = std::mem::take(&mut self.to);
        let from = self.from.take().unwrap_or_default();
        let mut answer = String::new();
        if !refuses(fault.as_ref()) {
            let number = self.shared.keep(&from, &to, raw);
            answer = format!("250 2.0.0 kept as {number}");
        }
        self.answer(fault, &answer).await
    }
}

/// Whether the step is not done; a lost answer is one of a step that was.
fn refuses(fault: Option<&Answer>) -> bool {
    match fault {
        Some(Answer::Say { line }) => !line.starts_with(['2', '3']),
        Some(Answer::HangUp) => true,
        Some(Answer::Slow { .. } | Answer::Lose) | None => false,
    }
}

/// Name and password as PLAIN has them (RFC 4616).
fn plain(said: &str) -> Option<(String, String)> {
    let (_, named) = said.split_once('\0')?;
    let (name, password) = named.split_once('\0')?;
    Some((name.to_owned(), password.to_owned()))
}

/// The address between `FROM:<` and `>`, and what follows it.
fn path<'a>(rest: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let (before, after) = rest.trim_start().split_at_checked(word.len())?;
    if !before.eq_ignore_ascii_case(word) {
        return None;
    }
    // A space after the colon is wrong and common.
    after.trim_start().strip_prefix('<')?.split_once('>')
}
