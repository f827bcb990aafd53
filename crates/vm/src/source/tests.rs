//! Tests of the compiler as its callers see it, one area per file.

mod describe;
mod hostile;
mod imports;
mod languages;
mod mistakes;
mod nesting;
mod random;
mod schema;
mod stacks;

use super::{Program, SourceError, compile};

/// Compiles what must compile.
fn program(file_name: &str, source: &str) -> Program {
    compile(file_name, source).unwrap_or_else(|error| panic!("{error}\n{source}"))
}

/// Compiles what must not.
fn mistake(file_name: &str, source: &str) -> SourceError {
    match compile(file_name, source) {
        Ok(program) => panic!("this compiled:\n{source}\nto:\n{}", program.code),
        Err(error) => error,
    }
}

/// Numbers that look random and are the same on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn one_of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}
