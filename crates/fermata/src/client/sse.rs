//! Server-sent events: bytes in, messages out (HTML standard, section 9.2.6).

/// The longest message that is kept. A longer one is a server gone wrong.
const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Message {
    /// Its number, to go on from after a broken connection.
    pub(super) id: Option<String>,
    /// What kind it is; empty for an ordinary message.
    pub(super) event: String,
    /// What it says.
    pub(super) data: String,
}

/// A message is longer than is kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Puts messages together from pieces that may end anywhere.
#[derive(Debug, Default)]
pub(super) struct Parser {
    buffer: Vec<u8>,
    /// How much of the buffer was handed out as lines.
    used: usize,
    message: Message,
    has_data: bool,
}

impl Parser {
    /// Takes the next piece of the stream.
    pub(super) fn push(&mut self, piece: &[u8]) -> Result<(), TooLong> {
        self.buffer.drain(..self.used);
        self.used = 0;
        self.buffer.extend_from_slice(piece);
        let kept = self.buffer.len() + self.message.data.len();
        if kept > MESSAGE_BYTES_MAX { Err(TooLong) } else { Ok(()) }
    }

    /// The next whole message, if one is here.
    pub(super) fn next(&mut self) -> Option<Message> {
        while let Some(line) = self.line() {
            if !line.is_empty() {
                self.field(&line);
            } else if std::mem::take(&mut self.has_data) {
                return Some(std::mem::take(&mut self.message));
            } else {
                self.message = Message::default();
            }
        }
        None
    }

    fn line(&mut self) -> Option<String> {
        let rest = &self.buffer[self.used..];
        let length = rest.iter().position(|&byte| byte == b'\n')?;
        let line = String::from_utf8_lossy(&rest[..length]).trim_end_matches('\r').to_owned();
        self.used += length + 1;
        Some(line)
    }

    fn field(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.message.data.push('\n');
                }
                self.message.data.push_str(value);
            }
            "event" => self.message.event = value.to_owned(),
            "id" => self.message.id = Some(value.to_owned()),
            // Comments keep the connection open; `retry` is decided by this client.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str =
        ": hello\n\nid: 4\nevent: log\ndata: {\"a\":1}\n\nevent: none\n\ndata: x\r\ndata:y\r\n\r\ndata: cut";

    #[test]
    fn messages_come_out_whole_however_they_were_cut() {
        for size in 1..STREAM.len() {
            let mut parser = Parser::default();
            let mut messages = Vec::new();
            for piece in STREAM.as_bytes().chunks(size) {
                parser.push(piece).unwrap();
                messages.extend(std::iter::from_fn(|| parser.next()));
            }
            let log = Message { id: Some("4".into()), event: "log".into(), data: "{\"a\":1}".into() };
            let plain = Message { data: "x\ny".into(), ..Message::default() };
            assert_eq!(messages, [log, plain], "pieces of {size}");
        }
    }

    #[test]
    fn an_endless_message_is_refused() {
        let mut parser = Parser::default();
        assert_eq!(parser.push(&vec![b'x'; MESSAGE_BYTES_MAX + 1]), Err(TooLong));
    }
}
