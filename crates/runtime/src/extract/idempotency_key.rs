//! The `Idempotency-Key` header, bare or as a quoted string.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use fermata_model::limits::IDEMPOTENCY_KEY_CHARS_MAX;

use crate::problem::{Code, Problem};

/// The key of a request, when it has one.
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(&parts.headers).map(Self)
    }
}

fn read(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().map_err(|_| refusal())?.trim();
    let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    if bare.is_empty() || bare.len() > IDEMPOTENCY_KEY_CHARS_MAX || bare.contains('"') {
        return Err(refusal());
    }
    Ok(Some(bare.to_owned()))
}

fn refusal() -> Problem {
    let detail = format!("Idempotency-Key takes 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible ASCII characters");
    Problem::new(Code::HeaderInvalid, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, key: Option<&str>) {
        let headers = HeaderMap::from_iter([("idempotency-key".parse().unwrap(), value.parse().unwrap())]);
        assert_eq!(read(&headers).ok().flatten().as_deref(), key, "{value:?}");
    }

    #[test]
    fn keys_come_bare_or_quoted() {
        check("order-7", Some("order-7"));
        check("\"order-7\"", Some("order-7"));
        check(&"k".repeat(255), Some(&"k".repeat(255)));
        for bad in ["", "\"\"", "\"", "a\"b", &"k".repeat(256)] {
            check(bad, None);
        }
        assert!(read(&HeaderMap::new()).unwrap().is_none());
    }
}
