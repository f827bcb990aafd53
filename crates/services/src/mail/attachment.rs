//! Attached files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use lettre::message::header::ContentType;
use serde::Deserialize;

use super::address::is_plain;

/// Longest name of a file in bytes.
const NAME_BYTES_MAX: usize = 255;

/// A file as the guest writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Written {
    filename: String,
    content: String,
    #[serde(default)]
    encoding: Encoding,
    content_type: Option<String>,
}

/// What `content` is.
#[derive(Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Text,
    Base64,
}

/// A file.
pub(super) struct Attachment {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) kind: ContentType,
}

impl Written {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(self, index: usize) -> Result<Attachment, String> {
        let bad = |what: &str| format!("attachments[{index}].{what}");
        let name = self.filename;
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !is_plain(&name) {
            return Err(bad(&format!("filename is a name of 1 to {NAME_BYTES_MAX} bytes")));
        }
        let (bytes, usual) = match self.encoding {
            Encoding::Text => (self.content.into_bytes(), "text/plain; charset=utf-8"),
            Encoding::Base64 => {
                let bytes = BASE64.decode(self.content).map_err(|_| bad("content is not base64"))?;
                (bytes, "application/octet-stream")
            }
        };
        let kind = self.content_type.as_deref().unwrap_or(usual);
        // What holds further messages or parts would have to be taken apart to be sent safely.
        let is_whole = |kind: &str| {
            let kind = kind.trim_start().to_ascii_lowercase();
            is_plain(&kind) && !kind.starts_with("multipart/") && !kind.starts_with("message/")
        };
        let kind = Some(kind).filter(|kind| is_whole(kind)).and_then(|kind| ContentType::parse(kind).ok());
        let kind = kind.ok_or_else(|| bad("contentType is no type of a file, such as application/pdf"))?;
        Ok(Attachment { name, bytes, kind })
    }
}
