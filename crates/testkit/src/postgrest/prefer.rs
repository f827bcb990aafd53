//! What a client would rather have: the header `Prefer`.
//!
//! After PostgREST's page "Prefer Header".

use super::error::{Error, Result};

/// Preferences; where one is named twice, the first counts.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Prefer {
    /// `minimal`, `headers-only` or `representation`.
    pub(super) returned: Option<String>,
    /// `exact`, `planned` or `estimated`.
    pub(super) count: Option<String>,
    /// `merge-duplicates` or `ignore-duplicates`.
    pub(super) resolution: Option<String>,
    pub(super) takes_defaults: bool,
    pub(super) rolls_back: bool,
    pub(super) is_strict: bool,
    pub(super) timezone: Option<String>,
    /// Holds only where handling is strict.
    pub(super) max_affected: Option<u64>,
    unknown: Vec<String>,
}

impl Prefer {
    pub(super) fn read<'a>(headers: impl Iterator<Item = &'a str>) -> Self {
        let mut prefer = Self::default();
        let mut seen = Vec::new();
        for text in headers.flat_map(|header| header.split(',')).map(str::trim) {
            let (name, value) = text.split_once('=').unwrap_or((text, ""));
            if !prefer.take(name, value, seen.contains(&name)) {
                prefer.unknown.push(text.to_owned());
            }
            seen.push(name);
        }
        prefer
    }

    fn take(&mut self, name: &str, value: &str, is_seen: bool) -> bool {
        let is_known = match name {
            "return" => matches!(value, "minimal" | "headers-only" | "representation"),
            "count" => matches!(value, "exact" | "planned" | "estimated"),
            "resolution" => matches!(value, "merge-duplicates" | "ignore-duplicates"),
            "missing" => matches!(value, "default" | "null"),
            "tx" => matches!(value, "commit" | "rollback"),
            "handling" => matches!(value, "strict" | "lenient"),
            "timezone" => true,
            "max-affected" => value.parse::<u64>().is_ok(),
            _ => false,
        };
        if is_seen || !is_known {
            return is_known;
        }
        let value = value.to_owned();
        match name {
            "return" => self.returned = Some(value),
            "count" => self.count = Some(value),
            "resolution" => self.resolution = Some(value),
            "missing" => self.takes_defaults = value == "default",
            "tx" => self.rolls_back = value == "rollback",
            "handling" => self.is_strict = value == "strict",
            "timezone" => self.timezone = Some(value),
            _ => self.max_affected = value.parse().ok(),
        }
        true
    }

    /// Says that the database has no such time zone.
    pub(super) fn refuse_timezone(&mut self) {
        self.unknown.extend(self.timezone.take().map(|name| format!("timezone={name}")));
    }

    /// With strict handling, nothing may be unknown.
    pub(super) fn check(&self) -> Result<()> {
        if !self.is_strict || self.unknown.is_empty() {
            return Ok(());
        }
        let error = Error::new(400, "PGRST122", "Invalid preferences given with handling=strict");
        Err(error.details(format!("Invalid preferences: {}", self.unknown.join(", "))))
    }

    /// Whether a write's rows are answered.
    pub(super) fn wants_rows(&self) -> bool {
        self.returned.as_deref() == Some("representation")
    }

    /// Whether rows are counted one by one.
    pub(super) fn counts(&self) -> bool {
        matches!(self.count.as_deref(), Some("exact" | "estimated"))
    }

    /// Refuses a write, or a call, that concerns more rows than were meant.
    pub(super) fn check_affected(&self, count: u64) -> Result<()> {
        match self.max_affected {
            Some(max) if self.is_strict && count > max => {
                let error =
                    Error::new(400, "PGRST124", "Query result exceeds max-affected preference constraint");
                Err(error.details(format!("The query affects {count} rows")))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Prefer;

    #[test]
    fn the_first_of_a_name_counts() {
        let prefer = Prefer::read(
            ["return=representation, count=exact,  max-affected=3", "count=planned"].into_iter(),
        );
        assert_eq!((prefer.count.as_deref(), prefer.max_affected), (Some("exact"), Some(3)));
        assert!(prefer.wants_rows() && prefer.check_affected(9).is_ok());
    }

    #[test]
    fn strict_handling_minds_what_is_unknown() {
        assert!(Prefer::read(["count=some, anything"].into_iter()).check().is_ok());
        let strict = Prefer::read(["anything, handling=strict, max-affected=2"].into_iter());
        assert!(strict.check().is_err());
        assert!(strict.check_affected(2).is_ok() && strict.check_affected(3).is_err());
    }
}
