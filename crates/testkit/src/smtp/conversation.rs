//! The server's side of a conversation.

use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::{Act, Encryption, Mail, State, lock};

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// Speaks with a client until it leaves, or is sent away.
pub(super) async fn converse(client: TcpStream, state: Arc<State>) {
    // It fails when the client leaves, and on purpose.
    let _ = attend(client, state).await;
}

async fn attend(client: TcpStream, state: Arc<State>) -> io::Result<()> {
    let mut wire: Box<dyn Wire> = Box::new(client);
    let mut is_encrypted = false;
    if let (Encryption::Implicit, Some(tls)) = (state.setup.encryption, &state.tls) {
        wire = Box::new(tls.accept(wire).await?);
        is_encrypted = true;
    }
    let mut talk = Talk::new(wire, Arc::clone(&state), is_encrypted);
    talk.answer("", "220 peer ESMTP ready").await?;
    while let Some(line) = talk.line().await? {
        lock(&state.heard).push(line.clone());
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match word.to_ascii_uppercase().as_str() {
            "EHLO" => talk.hello().await?,
            "STARTTLS" if talk.may_encrypt() => {
                talk.answer("STARTTLS", "220 go ahead").await?;
                let (Some(tls), wire) = (&state.tls, talk.wire.into_inner()) else { return Ok(()) };
                talk = Talk::new(Box::new(tls.accept(wire).await?), Arc::clone(&state), true);
            }
            "AUTH" => talk.log_in(rest).await?,
            "MAIL" => talk.mail(rest).await?,
            "RCPT" => talk.recipient(rest).await?,
            "DATA" if !talk.to.is_empty() => talk.data().await?,
            "RSET" | "NOOP" => talk.answer(word, "250 ok").await?,
            "QUIT" => return talk.answer("QUIT", "221 bye").await,
            "DATA" => talk.answer("DATA", "503 5.5.1 no recipients").await?,
            _ => talk.answer(word, "502 5.5.2 not known here").await?,
        }
    }
    Ok(())
}

struct Talk {
    wire: BufReader<Box<dyn Wire>>,
    state: Arc<State>,
    is_encrypted: bool,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

impl Talk {
    fn new(wire: Box<dyn Wire>, state: Arc<State>, is_encrypted: bool) -> Self {
        Self { wire: BufReader::new(wire), state, is_encrypted, user: None, from: None, to: Vec::new() }
    }

    fn may_encrypt(&self) -> bool {
        self.state.setup.encryption == Encryption::StartTls && !self.is_encrypted
    }

    /// The next line; `None` when the client has left.
    async fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        self.wire.read_until(b'\n', &mut line).await?;
        let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        Ok((!line.is_empty()).then_some(text))
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        self.wire.write_all(format!("{text}\r\n").as_bytes()).await?;
        self.wire.flush().await
    }

    /// Does what it was told to do upon a command, or gives the usual answer.
    async fn answer(&mut self, command: &str, usual: &str) -> io::Result<()> {
        let act = self.state.act_upon(command);
        self.act(act, usual).await
    }

    async fn act(&mut self, act: Option<Act>, usual: &str) -> io::Result<()> {
        match act {
            None => self.say(usual).await,
            Some(Act::Say(text)) => self.say(&text).await,
            Some(Act::Add(text)) => self.say(&format!("{usual}\r\n{text}")).await,
            Some(Act::Hang) => std::future::pending().await,
            Some(Act::Close) => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    async fn hello(&mut self) -> io::Result<()> {
        let setup = &self.state.setup;
        let mut lines = vec!["peer at your service".to_owned()];
        lines.extend(setup.extensions.iter().cloned());
        if self.may_encrypt() {
            lines.push("STARTTLS".into());
        }
        if !setup.mechanisms.is_empty() {
            lines.push(format!("AUTH {}", setup.mechanisms));
        }
        let last = lines.len() - 1;
        let mark = |index: usize| if index == last { ' ' } else { '-' };
        let lines: Vec<String> =
            lines.iter().enumerate().map(|(index, line)| format!("250{}{line}", mark(index))).collect();
        self.answer("EHLO", &lines.join("\r\n")).await
    }

    async fn log_in(&mut self, asked: &str) -> io::Result<()> {
        let (mechanism, first) = asked.split_once(' ').unwrap_or((asked, ""));
        let (user, password) = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let all = if first.is_empty() { self.ask("").await? } else { decoded(first) };
                let mut parts = all.split('\0').skip(1).map(str::to_owned);
                (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
            }
            "LOGIN" => {
                let user = if first.is_empty() { self.ask("Username:").await? } else { decoded(first) };
                (user, self.ask("Password:").await?)
            }
            _ => return self.answer("AUTH", "504 5.5.4 no such mechanism").await,
        };
        let is_right = self.state.setup.user == (user.clone(), password);
        if is_right {
            self.user = Some(user);
        }
        self.answer("AUTH", if is_right { "235 2.7.0 welcome" } else { "535 5.7.8 wrong user or password" })
            .await
    }

    async fn ask(&mut self, question: &str) -> io::Result<String> {
        self.say(&format!("334 {}", BASE64.encode(question))).await?;
        Ok(self.line().await?.map(|line| decoded(&line)).unwrap_or_default())
    }

    async fn mail(&mut self, rest: &str) -> io::Result<()> {
        if !self.state.setup.mechanisms.is_empty() && self.user.is_none() {
            return self.answer("MAIL", "530 5.7.0 log in first").await;
        }
        self.from = rest.strip_prefix("FROM:").map(str::to_owned);
        self.answer("MAIL", if self.from.is_some() { "250 2.1.0 ok" } else { "501 5.5.4 from whom?" }).await
    }

    async fn recipient(&mut self, rest: &str) -> io::Result<()> {
        if let Some(Act::Say(refusal)) = self.state.act_upon("RCPT") {
            return self.say(&refusal).await;
        }
        let Some(to) = rest.strip_prefix("TO:").filter(|_| self.from.is_some()) else {
            return self.say("503 5.5.1 not now").await;
        };
        self.to.push(to.to_owned());
        self.say("250 2.1.5 ok").await
    }

    async fn data(&mut self) -> io::Result<()> {
        let act = self.state.act_upon("DATA");
        if let Some(Act::Say(refusal)) = &act {
            return self.say(refusal).await;
        }
        self.say("354 end with a dot").await?;
        let mut data = Vec::new();
        loop {
            let mut line = Vec::new();
            self.wire.read_until(b'\n', &mut line).await?;
            match line.as_slice() {
                b"" => return Err(io::ErrorKind::UnexpectedEof.into()),
                b".\r\n" => break,
                [b'.', rest @ ..] => data.extend_from_slice(rest),
                line => data.extend_from_slice(line),
            }
        }
        let (from, to) = (self.from.take().unwrap_or_default(), std::mem::take(&mut self.to));
        let mail = Mail { user: self.user.clone(), is_encrypted: self.is_encrypted, from, to, data };
        let act = self.state.act_upon(".");
        if !matches!(&act, Some(Act::Say(refusal)) if !refusal.starts_with('2')) {
            lock(&self.state.taken).push(mail);
        }
        self.act(act, "250 2.0.0 taken").await
    }
}

fn decoded(text: &str) -> String {
    String::from_utf8_lossy(&BASE64.decode(text).unwrap_or_default()).into_owned()
}
