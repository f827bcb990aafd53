//! The crate table of ARCHITECTURE.md: which crate may use which.

use std::collections::{BTreeMap, BTreeSet};

/// One row of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Its line, counted from 1.
    pub(super) line: usize,
    /// The crates it may use.
    pub(super) may_use: BTreeSet<String>,
}

/// The rows below the heading "Crates", by crate: the first cell names it, the last what it may use.
pub(super) fn rows(text: &str) -> BTreeMap<String, Row> {
    let lines = text.lines().enumerate();
    lines
        .skip_while(|(_, line)| !is_heading(line))
        .skip(1)
        .take_while(|(_, line)| !line.starts_with("## "))
        .filter_map(|(index, line)| row(index + 1, line))
        .collect()
}

fn is_heading(line: &str) -> bool {
    line.starts_with("## ") && line.ends_with("Crates")
}

fn row(line: usize, text: &str) -> Option<(String, Row)> {
    let cells: Vec<&str> = text.trim().strip_prefix('|')?.strip_suffix('|')?.split('|').collect();
    let (first, last) = (cells.first()?, cells.last()?);
    let name = in_backticks(first).next()?;
    Some((name.to_owned(), Row { line, may_use: in_backticks(last).map(str::to_owned).collect() }))
}

/// What stands in backticks.
pub(super) fn in_backticks(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read() {
        let text = "## 2. Crates\n\n| crate | is | may use |\n|---|---|---|\n| `store` | x | `model` |\n## Next\n| `no` | `x` |";
        let expected = Row { line: 5, may_use: BTreeSet::from(["model".to_owned()]) };
        assert_eq!(rows(text), BTreeMap::from([("store".to_owned(), expected)]));
    }
}
