//! Puts media into a request: alone, or beside a body as `multipart/related` (RFC 2387).

use aws_lc_rs::digest;
use fermata_connect::http;
use serde_json::value::RawValue;

use super::media::Media;

/// What the query says of the upload.
pub(super) fn kind(body: Option<&RawValue>) -> &'static str {
    if body.is_some() { "multipart" } else { "media" }
}

/// Puts media, and the body if there is one, into a request.
pub(super) fn attach(request: &mut http::Request, media: Media, body: Option<&RawValue>) {
    let Some(body) = body else {
        request.headers.push(("content-type".to_owned(), media.mime_type));
        request.body = Some(http::Body::Bytes(media.bytes));
        return;
    };
    let boundary = boundary(&[body.get().as_bytes(), &media.bytes]);
    let mut bytes = Vec::with_capacity(media.bytes.len() + body.get().len() + 400);
    let json =
        format!("--{boundary}\r\nContent-Type: application/json\r\nMIME-Version: 1.0\r\n\r\n{body}\r\n");
    let head = format!(
        "--{boundary}\r\nContent-Type: {}\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n\r\n",
        media.mime_type
    );
    bytes.extend_from_slice(json.as_bytes());
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(&media.bytes);
    bytes.extend_from_slice(format!("\r\n--{boundary}--").as_bytes());
    let content_type = format!("multipart/related; boundary=\"{boundary}\"");
    request.headers.push(("content-type".to_owned(), content_type));
    request.body = Some(http::Body::Bytes(bytes));
}

/// A boundary that does not occur in the parts, which nobody can make hold their own digest. The same parts have the
/// same one, so that every attempt sends the same bytes.
pub(super) fn boundary(parts: &[&[u8]]) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let digest = context.finish();
    let letters: String = digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("fermata-{letters}")
}
