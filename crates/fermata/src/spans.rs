//! Lengths of time for people: ages and durations in one or two units.

use std::time::Duration;

use jiff::Timestamp;

/// A length of time as the tables show it: `12 ms`, `3.4 s`, `5 min 3 s`, `2 h 5 min`, `4 d`.
pub(crate) fn of_ms(ms: i64) -> String {
    let ms = ms.max(0);
    let (seconds, minutes, hours, days) = (ms / 1_000, ms / 60_000, ms / 3_600_000, ms / 86_400_000);
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{seconds}.{} s", ms % 1_000 / 100),
        60_000..3_600_000 => two(minutes, "min", seconds % 60, "s"),
        3_600_000..86_400_000 => two(hours, "h", minutes % 60, "min"),
        _ => two(days, "d", hours % 24, "h"),
    }
}

/// How long ago a moment was, in one unit.
pub(crate) fn age(then: Timestamp, now: Timestamp) -> String {
    let ms = now.as_millisecond() - then.as_millisecond();
    match ms {
        ..1_000 => "now".to_owned(),
        1_000..60_000 => format!("{} s", ms / 1_000),
        60_000..3_600_000 => format!("{} min", ms / 60_000),
        3_600_000..86_400_000 => format!("{} h", ms / 3_600_000),
        _ => format!("{} d", ms / 86_400_000),
    }
}

/// Reads a length of time from the command line: `90s`, `5m`, `1h30m`, or milliseconds.
///
/// # Errors
/// What is wrong with it and what it may look like.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let ms = fermata_model::duration::parse_ms(text).map_err(|error| error.to_string())?;
    u64::try_from(ms)
        .map(Duration::from_millis)
        .map_err(|_| format!("a length of time cannot be negative: {text}"))
}

fn two(large: i64, large_unit: &str, small: i64, small_unit: &str) -> String {
    if small == 0 {
        format!("{large} {large_unit}")
    } else {
        format!("{large} {large_unit} {small} {small_unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        let cases = [
            (-5, "0 ms"),
            (999, "999 ms"),
            (1_250, "1.2 s"),
            (60_000, "1 min"),
            (125_000, "2 min 5 s"),
            (7_500_000, "2 h 5 min"),
            (90_000_000, "1 d 1 h"),
        ];
        for (ms, expected) in cases {
            assert_eq!(of_ms(ms), expected);
        }
    }

    #[test]
    fn ages() {
        let now = Timestamp::from_millisecond(1_000_000_000).unwrap();
        let cases = [(-500, "now"), (500, "now"), (59_999, "59 s"), (61_000, "1 min"), (172_800_000, "2 d")];
        for (ago, expected) in cases {
            let then = Timestamp::from_millisecond(1_000_000_000 - ago).unwrap();
            assert_eq!(age(then, now), expected);
        }
    }
}
