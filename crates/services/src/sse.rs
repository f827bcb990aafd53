//! Server-sent events, taken apart as their bytes come in (WHATWG HTML, section 9.2.6).

use fermata_model::CallError;

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its kind, empty when the server does not say.
    pub(crate) name: String,
    /// Its text; several lines are joined by line feeds.
    pub(crate) data: String,
}

/// Bytes in, events out. Memory is bounded by the largest event.
#[derive(Debug)]
pub(crate) struct Events {
    line: Vec<u8>,
    event: Event,
    has_data: bool,
    /// The last byte was a carriage return, so a line feed now belongs to it.
    after_return: bool,
    is_first_line: bool,
    bytes_max: usize,
}

impl Events {
    /// Takes events of at most this many bytes.
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            line: Vec::new(),
            event: Event::default(),
            has_data: false,
            after_return: false,
            is_first_line: true,
            bytes_max,
        }
    }

    /// Takes bytes, and gives the events that they complete.
    ///
    /// # Errors
    /// When an event is larger than is allowed.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, CallError> {
        let mut events = Vec::new();
        for &byte in bytes {
            let belongs_to_return = std::mem::take(&mut self.after_return) && byte == b'\n';
            match byte {
                _ if belongs_to_return => {}
                b'\n' | b'\r' => {
                    self.after_return = byte == b'\r';
                    events.extend(self.end_line());
                }
                _ => self.line.push(byte),
            }
            if self.line.len() + self.event.data.len() > self.bytes_max {
                let message = format!("An event of the stream is over the limit of {} bytes", self.bytes_max);
                return Err(CallError::fatal("response_too_large", message));
            }
        }
        Ok(events)
    }

    /// The event that the end of the stream completes: servers leave out the last empty line now and then.
    pub(crate) fn finish(&mut self) -> Option<Event> {
        let last = self.end_line();
        last.or_else(|| self.end_line())
    }

    fn end_line(&mut self) -> Option<Event> {
        let line = std::mem::take(&mut self.line);
        let mut line = line.as_slice();
        if std::mem::take(&mut self.is_first_line) {
            line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        }
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then_some(event);
        }
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default();
        let value = String::from_utf8_lossy(value.strip_prefix(b" ").unwrap_or(value));
        match &line[..colon] {
            b"event" => self.event.name = value.into_owned(),
            b"data" => self.add(&value),
            _ => {}
        }
        None
    }

    fn add(&mut self, text: &str) {
        if std::mem::replace(&mut self.has_data, true) {
            self.event.data.push('\n');
        }
        self.event.data.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str =
        "\u{feff}: hello\r\nevent: a\r\ndata: 1\r\ndata:2\r\n\r\nid: 9\n\ndata: é\r\rdata: end";

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.into(), data: data.into() }
    }

    #[test]
    fn however_the_bytes_are_cut_the_events_are_the_same() {
        let expected = [event("a", "1\n2"), event("", "é"), event("", "end")];
        for size in 1..=STREAM.len() {
            let mut events = Events::new(100);
            let mut found = Vec::new();
            for piece in STREAM.as_bytes().chunks(size) {
                found.extend(events.push(piece).unwrap());
            }
            found.extend(events.finish());
            assert_eq!(found, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn an_event_without_end_is_refused() {
        let mut events = Events::new(1000);
        let refused = (0..200).find_map(|_| events.push(b"data: xxxxxxxxxx\n").err()).unwrap();
        assert_eq!(refused.code, "response_too_large");
        let mut events = Events::new(1000);
        assert!(events.push(&[b'x'; 1001]).is_err());
    }
}
