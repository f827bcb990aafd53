//! The words of the command line, taken one by one.

use std::collections::VecDeque;

use anyhow::{Context, Result, bail};

/// What is left of the command line.
pub(crate) struct Arguments(VecDeque<String>);

impl Arguments {
    /// The arguments of this process, without its name.
    pub(crate) fn of_process() -> Self {
        Self(std::env::args().skip(1).collect())
    }

    /// The next word.
    pub(crate) fn next(&mut self) -> Option<String> {
        self.0.pop_front()
    }

    /// The value of the option `name`, which was the word before.
    pub(crate) fn value_of(&mut self, name: &str) -> Result<String> {
        self.next().with_context(|| format!("{name} needs a value"))
    }

    /// All words that are left.
    pub(crate) fn rest(self) -> impl Iterator<Item = String> {
        self.0.into_iter()
    }

    /// Refuses words that nobody asked for.
    pub(crate) fn end(&self) -> Result<()> {
        match self.0.front() {
            None => Ok(()),
            Some(word) => bail!("unexpected argument {word:?}; see `cargo xtask help`"),
        }
    }
}
