//! The client's side of SMTP, over a connection that the gate has checked.
//!
//! Libraries that take a connection as it is keep, across STARTTLS, what was read ahead before it, so that whoever is
//! on the way can put answers into an encrypted conversation (CVE-2021-38371 and its like). Here that ends it.

use std::io;
use std::sync::Arc;

use fermata_model::CallError;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio_rustls::TlsConnector;

use super::fault;
use super::reply::{LINE_BYTES_MAX, LINES_MAX, Line, Reply};

/// Something that bytes go over, encrypted or not.
pub(super) trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

/// A conversation.
pub(super) struct Talk {
    wire: BufReader<Box<dyn Wire>>,
}

/// Why no reply came.
#[derive(Debug)]
pub(super) enum Silence {
    /// The connection broke.
    Lost(io::Error),
    /// What came is no reply.
    Garbage,
}

impl From<io::Error> for Silence {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

impl From<Silence> for CallError {
    /// As long as the server has not got the message.
    fn from(silence: Silence) -> Self {
        match silence {
            Silence::Lost(error) => fault::lost(&error),
            Silence::Garbage => fault::garbage(),
        }
    }
}

impl Talk {
    /// A conversation in which nothing has been said.
    pub(super) fn over(wire: Box<dyn Wire>) -> Self {
        Self { wire: BufReader::new(wire) }
    }

    /// The same conversation, encrypted from here on.
    pub(super) async fn encrypted(
        self,
        tls: &Arc<rustls::ClientConfig>,
        name: &str,
    ) -> Result<Self, CallError> {
        if !self.wire.buffer().is_empty() {
            let message = "the mail server, or somebody before it, spoke between STARTTLS and the encryption";
            return Err(CallError::fatal("tls", message));
        }
        let name = ServerName::try_from(name.to_owned());
        let name = name.map_err(|_| CallError::fatal("bad_setting", "the mail server's host is no name"))?;
        let connecting = TlsConnector::from(tls.clone()).connect(name, self.wire.into_inner());
        let wire = connecting.await.map_err(|error| fault::tls(&error))?;
        Ok(Self::over(Box::new(wire)))
    }

    /// Says a line and waits for the reply.
    pub(super) async fn command(&mut self, line: &str) -> Result<Reply, Silence> {
        // Everything that goes into a line was checked; this is the last door.
        if line.contains(['\r', '\n', '\0']) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a command of more than one line").into());
        }
        self.wire.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.wire.flush().await?;
        self.reply().await
    }

    /// Says the lines of a message and its end.
    pub(super) async fn message(&mut self, message: &[u8]) -> io::Result<()> {
        self.wire.write_all(&stuffed(message)).await?;
        self.wire.flush().await
    }

    /// Waits for a reply.
    pub(super) async fn reply(&mut self) -> Result<Reply, Silence> {
        let mut lines = Vec::new();
        while lines.len() < LINES_MAX {
            let mut bytes = Vec::new();
            let most = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
            (&mut self.wire).take(most).read_until(b'\n', &mut bytes).await?;
            if bytes.is_empty() {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            let text = bytes.strip_suffix(b"\n").ok_or(Silence::Garbage)?;
            let line = Line::read(text.strip_suffix(b"\r").unwrap_or(text)).ok_or(Silence::Garbage)?;
            lines.push(line.text);
            if line.is_last {
                return Ok(Reply { status: line.status, lines });
            }
        }
        Err(Silence::Garbage)
    }
}

/// The message with its end, and with a further dot before each line that begins with one (RFC 5321, section 4.5.2).
fn stuffed(message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message.len() + message.len() / 64 + 8);
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b".") {
            bytes.push(b'.');
        }
        bytes.extend_from_slice(line);
    }
    if !bytes.ends_with(b"\r\n") {
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b".\r\n");
    bytes
}

#[cfg(test)]
mod tests {
    use super::stuffed;

    #[test]
    fn a_dot_alone_does_not_end_a_message() {
        for (message, sent) in [
            ("a\r\n", "a\r\n.\r\n"),
            ("a", "a\r\n.\r\n"),
            (".\r\n..b\r\nc.\r\n", "..\r\n...b\r\nc.\r\n.\r\n"),
        ] {
            assert_eq!(stuffed(message.as_bytes()), sent.as_bytes());
        }
    }
}
