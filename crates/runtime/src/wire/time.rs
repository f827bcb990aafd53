//! Moments: RFC 3339 in UTC with milliseconds.

use std::fmt;

use fermata_model::Millis;
use jiff::Timestamp;
use jiff::fmt::StdFmtWrite;
use jiff::fmt::temporal::DateTimePrinter;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

static PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// A moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Millis);

impl Time {
    /// The present moment.
    pub(crate) fn now() -> Self {
        Self(Timestamp::now().as_millisecond())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nearest = if self.0 < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let stamp = Timestamp::from_millisecond(self.0).unwrap_or(nearest);
        PRINTER.print_timestamp(&stamp, StdFmtWrite(f)).map_err(|_| fmt::Error)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        let stamp: Result<Timestamp, _> = text.parse();
        stamp.map(|stamp| Self(stamp.as_millisecond())).map_err(|_| {
            let shown: String = text.chars().take(40).collect();
            de::Error::custom(format_args!("not a time: {shown:?}; write for example 2026-01-31T08:00:00Z"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn times_have_milliseconds_always() {
        let cases = [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_767_225_600_007, "2026-01-01T00:00:00.007Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ];
        for (ms, text) in cases {
            assert_eq!(Time(ms).to_string(), text);
            assert_eq!(serde_json::from_str::<Time>(&format!("{text:?}")).unwrap(), Time(ms));
        }
        let offset: Time = serde_json::from_str(r#""2026-01-01T02:00:00+02:00""#).unwrap();
        assert_eq!(offset, Time(1_767_225_600_000));
        assert!(serde_json::from_str::<Time>(r#""tomorrow""#).is_err());
        assert!(!Time(i64::MAX).to_string().is_empty());
    }
}
