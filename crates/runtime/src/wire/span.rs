//! Lengths of time: milliseconds, or text such as `90s`.

use std::fmt;
use std::time::Duration;

use fermata_model::duration::parse_ms;
use fermata_model::limits::WAIT_MS_MAX;
use serde::{Deserialize, Deserializer, de};

/// A length of time in milliseconds: not negative, and ten years at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) i64);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let Span(ms) = input.deserialize_any(SpanVisitor)?;
        if ms > WAIT_MS_MAX {
            return Err(de::Error::custom("longer than ten years"));
        }
        Ok(Self(ms))
    }
}

struct SpanVisitor;

impl de::Visitor<'_> for SpanVisitor {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length of time: milliseconds, or text such as \"90s\"")
    }

    fn visit_u64<E: de::Error>(self, ms: u64) -> Result<Span, E> {
        Ok(Span(i64::try_from(ms).unwrap_or(i64::MAX)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
        parse_ms(text).map(Span).map_err(E::custom)
    }
}

/// The longest time an answer may be held back for a run's end.
const WAIT_MAX: Duration = Duration::from_secs(600);

/// How long to wait for a run's end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait(pub(crate) Duration);

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let Span(ms) = Span::deserialize(input)?;
        let wait = Duration::from_millis(ms.unsigned_abs());
        if wait > WAIT_MAX {
            return Err(de::Error::custom("a wait may take 10m at most"));
        }
        Ok(Self(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::Span;

    fn check(json: &str, ms: Option<i64>) {
        assert_eq!(serde_json::from_str(json).ok(), ms.map(Span), "{json}");
    }

    #[test]
    fn spans_are_numbers_or_words() {
        check("1500", Some(1500));
        check("0", Some(0));
        check(r#""1h30m""#, Some(5_400_000));
        check(r#""2500""#, Some(2500));
        for bad in ["-1", "1.5", "null", "true", r#""soon""#, "9000000000000000000", r#""11000d""#] {
            check(bad, None);
        }
    }
}
