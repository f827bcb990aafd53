//! What came of the checks, as a table.

use std::fmt;
use std::time::Duration;

struct Row {
    name: &'static str,
    passed: bool,
    took: Duration,
}

/// The outcome of every check that ran.
#[derive(Default)]
pub(crate) struct Summary(Vec<Row>);

impl Summary {
    /// Adds one check's outcome.
    pub(crate) fn add(&mut self, name: &'static str, passed: bool, took: Duration) {
        self.0.push(Row { name, passed, took });
    }

    /// How many checks failed.
    pub(crate) fn failed(&self) -> usize {
        self.0.iter().filter(|row| !row.passed).count()
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Row { name, passed, took } in &self.0 {
            let verdict = if *passed { "passed" } else { "FAILED" };
            writeln!(f, "{name:<20}{verdict:<8}{:>8.1} s", took.as_secs_f64())?;
        }
        write!(f, "{} passed, {} failed", self.0.len() - self.failed(), self.failed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts() {
        let mut summary = Summary::default();
        summary.add("format", true, Duration::from_millis(1200));
        summary.add("lints", false, Duration::from_secs(30));
        let text = summary.to_string();
        assert!(text.contains("format              passed       1.2 s"), "{text}");
        assert_eq!(text.lines().last(), Some("1 passed, 1 failed"));
    }
}
