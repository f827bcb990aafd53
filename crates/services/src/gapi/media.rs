//! Media that a call sends: `media: {mimeType, body}`, or `bodyBase64` for what is not text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fermata_model::CallError;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::document::MediaUpload;
use super::request::Call;

/// Largest media of one request. More than this needs an upload in pieces, which a call's arguments have no room for.
pub(super) const MEDIA_BYTES_MAX: usize = 5 << 20;

/// What is sent beside the parameters.
#[derive(Debug)]
pub(super) struct Media {
    /// Such as `text/plain`.
    pub(super) mime_type: String,
    /// All of it.
    pub(super) bytes: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Given {
    mime_type: String,
    body: Option<String>,
    body_base64: Option<String>,
}

impl Media {
    /// Reads the argument `media` and holds it to what the method accepts.
    ///
    /// # Errors
    /// Names the part that is wrong.
    pub(super) fn parse(call: &Call<'_>, given: &RawValue) -> Result<Self, CallError> {
        let refuse =
            |rule: &str| CallError::fatal("bad_arguments", format!("tools.gapi.{}: {rule}", call.what));
        let upload = call.method.media_upload.as_ref();
        let upload = upload.ok_or_else(|| refuse("media is given, but the method takes none"))?;
        let given: Given =
            serde_json::from_str(given.get()).map_err(|error| refuse(&format!("media: {error}")))?;
        let bytes = match (given.body, given.body_base64) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(text)) => {
                BASE64.decode(text).map_err(|error| refuse(&format!("media.bodyBase64: {error}")))?
            }
            _ => return Err(refuse("media has one of body and bodyBase64")),
        };
        if !is_type(&given.mime_type) || !upload.accepts(&given.mime_type) {
            return Err(refuse(&format!("media.mimeType is one of {}", upload.accept.join(", "))));
        }
        let most = upload.bytes_max();
        if bytes.len() > most {
            return Err(refuse(&format!("media has {} bytes; the most is {most}", bytes.len())));
        }
        Ok(Self { mime_type: given.mime_type, bytes })
    }
}

impl MediaUpload {
    fn accepts(&self, mime_type: &str) -> bool {
        let (kind, _) = mime_type.split_once('/').unwrap_or((mime_type, ""));
        let covers = |range: &String| {
            let (range_kind, range_name) = range.split_once('/').unwrap_or((range, "*"));
            range_kind == "*" || (range_kind == kind && (range_name == "*" || range == mime_type))
        };
        self.accept.is_empty() || self.accept.iter().any(covers)
    }

    /// The smaller of the method's limit and ours.
    fn bytes_max(&self) -> usize {
        self.max_size.as_deref().and_then(bytes).map_or(MEDIA_BYTES_MAX, |most| most.min(MEDIA_BYTES_MAX))
    }
}

/// A size as documents write it, such as `36700160` or `5TB`.
fn bytes(size: &str) -> Option<usize> {
    let digits = size.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor: usize = match &size[digits.len()..] {
        "" => 1,
        "KB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(factor)
}

/// Two tokens of RFC 9110, which is all that a header may hold of it.
fn is_type(text: &str) -> bool {
    let is_token = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.split_once('/').is_some_and(|(kind, name)| is_token(kind) && is_token(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_types_are_read_as_documents_write_them() {
        assert_eq!(
            (bytes("36700160"), bytes("10MB"), bytes("5TB")),
            (Some(36_700_160), Some(10 << 20), None)
        );
        assert!(is_type("image/svg+xml") && !is_type("text/plain\r\nx: y") && !is_type("text"));
        let upload = MediaUpload { accept: vec!["message/*".into(), "text/csv".into()], max_size: None };
        assert!(
            upload.accepts("message/rfc822") && upload.accepts("text/csv") && !upload.accepts("text/plain")
        );
    }
}
