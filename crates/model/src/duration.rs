//! Lengths of time as people write them: `90s`, `5m`, `1h30m`, `2d`, or a number of milliseconds.

/// A text that is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a length of time: {0:?}; write for example 500ms, 90s, 5m, 1h30m or 2d")]
pub struct BadDuration(pub String);

const UNITS: [(&str, i64); 6] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000), ("w", 604_800_000)];

/// Reads a length of time into milliseconds. A bare number is milliseconds.
///
/// # Errors
/// [`BadDuration`] for anything else, and for lengths that do not fit.
pub fn parse_ms(text: &str) -> Result<i64, BadDuration> {
    let bad = || BadDuration(text.chars().take(40).collect());
    let mut rest = text.trim();
    if let Ok(ms) = rest.parse::<u32>() {
        return Ok(i64::from(ms));
    }
    if rest.is_empty() {
        return Err(bad());
    }
    let mut total = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(bad)?;
        let count: i64 = rest[..digits].parse().map_err(|_| bad())?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = UNITS.iter().find(|(name, _)| *name == &rest[..letters]).ok_or_else(bad)?;
        let part = count.checked_mul(unit.1).ok_or_else(bad)?;
        total = total.checked_add(part).ok_or_else(bad)?;
        rest = &rest[letters..];
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::parse_ms;

    #[test]
    fn lengths_are_read() {
        let cases =
            [("250", 250), ("500ms", 500), ("90s", 90_000), ("1h30m", 5_400_000), ("2d", 172_800_000)];
        for (text, ms) in cases {
            assert_eq!(parse_ms(text), Ok(ms), "{text}");
        }
        for text in ["", "h", "5x", "-1s", "1.5h", "99999999999999999999w", "9999999999999999w"] {
            assert!(parse_ms(text).is_err(), "{text}");
        }
    }
}
