//! A message as it goes over the wire.

use aws_lc_rs::digest;
use fermata_model::CallError;
use lettre::Message;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, MultiPart, SinglePart};

use super::letter::Letter;
use super::relay::Relay;

/// How much of a digest is enough to be like no other, in bytes.
const ID_BYTES: usize = 16;

/// A message and whom it goes to.
pub(super) struct Outgoing {
    /// With its angle brackets.
    pub(super) id: String,
    pub(super) from: String,
    pub(super) to: Vec<String>,
    /// Head and body, with the lines' ends that the protocol wants.
    pub(super) bytes: Vec<u8>,
}

/// Writes a message. Its id is made of the call's key, so that all attempts of the call have the same.
pub(super) fn of(letter: &Letter, relay: &Relay, key: &str) -> Result<Outgoing, CallError> {
    let from = letter.from.clone().map_or_else(|| relay.from(), Ok)?;
    let id = id(key, from.email.domain());
    let mut builder = Message::builder().message_id(Some(id.clone())).date_now().from(from.clone());
    for mailbox in &letter.to {
        builder = builder.to(mailbox.clone());
    }
    for mailbox in &letter.cc {
        builder = builder.cc(mailbox.clone());
    }
    for mailbox in &letter.bcc {
        builder = builder.bcc(mailbox.clone());
    }
    for mailbox in &letter.reply_to {
        builder = builder.reply_to(mailbox.clone());
    }
    let bad = |error: &dyn std::fmt::Display| {
        CallError::fatal("bad_arguments", format!("tools.mail.send: the message cannot be written: {error}"))
    };
    let builder = builder.subject(letter.subject.clone());
    let built = match body(letter) {
        Body::Single(part) => builder.singlepart(part),
        Body::Multi(parts) => builder.multipart(parts),
    };
    let mut message = built.map_err(|error| bad(&error))?;
    for (name, value) in &letter.headers {
        let name = HeaderName::new_from_ascii(name.clone()).map_err(|error| bad(&error))?;
        message.headers_mut().insert_raw(HeaderValue::new(name, value.clone()));
    }
    Ok(Outgoing {
        id,
        from: from.email.to_string(),
        to: letter.recipients().iter().map(ToString::to_string).collect(),
        bytes: with_line_ends(&message.formatted()),
    })
}

fn id(key: &str, domain: &str) -> String {
    let digest = digest::digest(&digest::SHA256, format!("fermata mail 1\0{key}").as_bytes());
    let text: String = digest.as_ref().iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect();
    format!("<{text}@{domain}>")
}

enum Body {
    Single(SinglePart),
    Multi(MultiPart),
}

fn body(letter: &Letter) -> Body {
    let plain = letter.text.clone().map(SinglePart::plain);
    let html = letter.html.clone().map(SinglePart::html);
    let words = match (plain, html) {
        (Some(plain), Some(html)) => {
            Some(Body::Multi(MultiPart::alternative().singlepart(plain).singlepart(html)))
        }
        (Some(one), None) | (None, Some(one)) => Some(Body::Single(one)),
        (None, None) => None,
    };
    if letter.attachments.is_empty() {
        return words.unwrap_or_else(|| {
            Body::Single(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(String::new()))
        });
    }
    let mixed = MultiPart::mixed().build();
    let mixed = match words {
        Some(Body::Single(part)) => mixed.singlepart(part),
        Some(Body::Multi(parts)) => mixed.multipart(parts),
        None => mixed,
    };
    let files = letter
        .attachments
        .iter()
        .map(|file| Attachment::new(file.name.clone()).body(file.bytes.clone(), file.kind.clone()));
    Body::Multi(files.fold(mixed, MultiPart::singlepart))
}

/// Ends each line with both characters: servers do not agree on what a line is that ends with one of them, and take
/// what follows for a command.
fn with_line_ends(message: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message.len());
    let mut last = 0;
    for &byte in message {
        match byte {
            b'\n' if last == b'\r' => {}
            b'\r' | b'\n' => bytes.extend_from_slice(b"\r\n"),
            other => bytes.push(other),
        }
        last = byte;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::with_line_ends;

    #[test]
    fn lines_end_with_both_characters() {
        for (written, sent) in
            [("a\r\nb", "a\r\nb"), ("a\nb\n", "a\r\nb\r\n"), ("a\r.\r\r\n", "a\r\n.\r\n\r\n")]
        {
            assert_eq!(with_line_ends(written.as_bytes()), sent.as_bytes());
        }
    }
}
