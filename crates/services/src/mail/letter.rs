//! What a call asks to be sent, read and checked.

use std::collections::BTreeMap;

use lettre::message::Mailbox;
use serde::Deserialize;
use serde_json::Value;

use super::address::{self, is_plain};
use super::attachment::{self, Attachment};

/// Most recipients.
const RECIPIENTS_MAX: usize = 100;
/// Most attached files.
const ATTACHMENTS_MAX: usize = 50;
/// Most headers of the task's own.
const HEADERS_MAX: usize = 30;
/// Longest subject, and longest value of a header, in bytes.
const LINE_BYTES_MAX: usize = 900;
/// Longest name of a header in bytes.
const NAME_BYTES_MAX: usize = 70;
/// Most bytes of texts and files together.
const CONTENT_BYTES_MAX: usize = 6 << 20;

/// Headers that other fields or the server set, or that say how the message is built.
const OTHERS: [&str; 14] = [
    "bcc",
    "cc",
    "date",
    "dkim-signature",
    "from",
    "message-id",
    "mime-version",
    "received",
    "reply-to",
    "return-path",
    "sender",
    "subject",
    "to",
    "x-envelope-to",
];

/// A message as the guest writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Written {
    from: Option<Value>,
    to: Option<Value>,
    cc: Option<Value>,
    bcc: Option<Value>,
    reply_to: Option<Value>,
    subject: Option<String>,
    text: Option<String>,
    html: Option<String>,
    attachments: Option<Vec<attachment::Written>>,
    headers: Option<BTreeMap<String, String>>,
}

/// A message to send.
pub(super) struct Letter {
    /// Who it is from, unless the workspace's settings are to say it.
    pub(super) from: Option<Mailbox>,
    pub(super) to: Vec<Mailbox>,
    pub(super) cc: Vec<Mailbox>,
    pub(super) bcc: Vec<Mailbox>,
    pub(super) reply_to: Vec<Mailbox>,
    pub(super) subject: String,
    pub(super) text: Option<String>,
    pub(super) html: Option<String>,
    pub(super) attachments: Vec<Attachment>,
    pub(super) headers: BTreeMap<String, String>,
}

impl Letter {
    /// Reads a message.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn of(written: Written) -> Result<Self, String> {
        let attachments = written.attachments.unwrap_or_default();
        if attachments.len() > ATTACHMENTS_MAX {
            return Err(format!("there are {ATTACHMENTS_MAX} attachments at most"));
        }
        let attachments = attachments.into_iter().enumerate();
        let letter = Self {
            from: written.from.map(|from| address::one(&from, "from")).transpose()?,
            to: address::all(written.to.as_ref(), "to")?,
            cc: address::all(written.cc.as_ref(), "cc")?,
            bcc: address::all(written.bcc.as_ref(), "bcc")?,
            reply_to: address::all(written.reply_to.as_ref(), "replyTo")?,
            subject: written.subject.unwrap_or_default(),
            text: written.text,
            html: written.html,
            attachments: attachments.map(|(index, one)| one.read(index)).collect::<Result<_, _>>()?,
            headers: written.headers.unwrap_or_default(),
        };
        letter.check()?;
        Ok(letter)
    }

    /// Everybody who gets it, nobody twice.
    pub(super) fn recipients(&self) -> Vec<&lettre::Address> {
        let mut recipients = Vec::new();
        for mailbox in self.to.iter().chain(&self.cc).chain(&self.bcc) {
            if !recipients.contains(&&mailbox.email) {
                recipients.push(&mailbox.email);
            }
        }
        recipients
    }

    fn check(&self) -> Result<(), String> {
        let count = self.to.len() + self.cc.len() + self.bcc.len();
        if count == 0 || count > RECIPIENTS_MAX || self.reply_to.len() > RECIPIENTS_MAX {
            return Err(format!("to, cc and bcc have 1 to {RECIPIENTS_MAX} addresses together"));
        }
        if self.text.is_none() && self.html.is_none() && self.attachments.is_empty() {
            return Err("a message has a text, an html or attachments".into());
        }
        if self.subject.len() > LINE_BYTES_MAX || !is_plain(&self.subject) {
            return Err(format!("subject is one line of at most {LINE_BYTES_MAX} bytes"));
        }
        let texts = [&self.text, &self.html].into_iter().flatten().map(String::len);
        let bytes: usize = texts.chain(self.attachments.iter().map(|file| file.bytes.len())).sum();
        if bytes > CONTENT_BYTES_MAX {
            return Err(format!(
                "texts and attachments take {bytes} bytes; the limit is {CONTENT_BYTES_MAX}"
            ));
        }
        if self.headers.len() > HEADERS_MAX {
            return Err(format!("there are {HEADERS_MAX} headers at most"));
        }
        self.headers.iter().try_for_each(|(name, value)| check_header(name, value))
    }
}

fn check_header(name: &str, value: &str) -> Result<(), String> {
    let is_name = |name: &str| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(is_letter)
    };
    let lower = name.to_ascii_lowercase();
    if !is_name(name) || OTHERS.contains(&lower.as_str()) || lower.starts_with("content-") {
        return Err(format!("headers: {name:?} cannot be set"));
    }
    if value.len() > LINE_BYTES_MAX || !is_plain(value) {
        return Err(format!("headers: {name} is one line of at most {LINE_BYTES_MAX} bytes"));
    }
    Ok(())
}
