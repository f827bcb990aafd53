//! PostgreSQL's `numeric`, from its binary format to the text that PostgreSQL writes.
//!
//! The format is four numbers of 16 bits (how many digits, the weight of the first, the sign, the scale), and then the
//! digits to the base 10,000.

/// The sign of a number below zero.
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xc000;
const INFINITY: u16 = 0xd000;
const MINUS_INFINITY: u16 = 0xf000;

/// The number as text.
///
/// # Errors
/// When the bytes are not of this format.
pub(super) fn text(raw: &[u8]) -> Result<String, &'static str> {
    let (parts, rest) = raw.as_chunks::<2>();
    let mut parts = parts.iter().map(|part| u16::from_be_bytes(*part));
    let mut next = || parts.next().ok_or("a numeric that is too short");
    let (count, weight, sign, scale) = (next()?, next()?.cast_signed(), next()?, next()?);
    let digits: Vec<u16> = parts.collect();
    if !rest.is_empty() || digits.len() != usize::from(count) || digits.iter().any(|digit| *digit > 9_999) {
        return Err("a numeric of another format");
    }
    let minus = match sign {
        0 => "",
        NEGATIVE => "-",
        NAN => return Ok("NaN".into()),
        INFINITY => return Ok("Infinity".into()),
        MINUS_INFINITY => return Ok("-Infinity".into()),
        _ => return Err("a numeric of an unknown sign"),
    };
    let digit = |place: i32| {
        let index = usize::try_from(i32::from(weight) - place).ok();
        index.and_then(|index| digits.get(index)).copied().unwrap_or(0)
    };
    let mut whole: String =
        (0..=i32::from(weight)).rev().map(|place| format!("{:04}", digit(place))).collect();
    whole = whole.trim_start_matches('0').to_owned();
    if whole.is_empty() {
        whole.push('0');
    }
    let groups = i32::from(scale.div_ceil(4));
    let mut fraction: String = (1..=groups).map(|place| format!("{:04}", digit(-place))).collect();
    fraction.truncate(usize::from(scale));
    let point = if fraction.is_empty() { "" } else { "." };
    Ok(format!("{minus}{whole}{point}{fraction}"))
}

#[cfg(test)]
mod tests {
    use super::text;

    fn raw(parts: &[u16]) -> Vec<u8> {
        parts.iter().flat_map(|part| part.to_be_bytes()).collect()
    }

    #[test]
    fn numbers_are_written_as_postgresql_writes_them() {
        let minus_one = 0xffff;
        for (parts, expected) in [
            (&[0, 0, 0, 0][..], "0"),
            (&[0, 0, 0, 2], "0.00"),
            (&[1, 0, 0, 0, 7], "7"),
            (&[1, 1, 0, 0, 1], "10000"),
            (&[2, 1, 0x4000, 0, 12, 34], "-120034"),
            (&[2, 0, 0, 2, 1, 5000], "1.50"),
            (&[1, minus_one, 0, 4, 1], "0.0001"),
            (&[1, 0xfffe, 0, 6, 100], "0.000001"),
            (&[0, 0, 0xc000, 0], "NaN"),
            (&[0, 0, 0xf000, 0], "-Infinity"),
        ] {
            assert_eq!(text(&raw(parts)).unwrap(), expected);
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        for parts in [&[][..], &[1, 0, 0, 0], &[1, 0, 0, 0, 10_000], &[0, 0, 1, 0]] {
            assert!(text(&raw(parts)).is_err(), "{parts:?}");
        }
        assert!(text(&[0; 9]).is_err());
    }
}
