//! The rules that no compiler knows, each in a file of its own. They run as a test too.

mod arrows;
mod functions;
mod map;
mod mask;
mod shape;
mod solitude;
mod sources;
mod table;
mod violation;
mod words;

use std::process::ExitCode;

use anyhow::{Result, bail};

use self::sources::Sources;
use self::violation::Violation;

/// Prints every violation; fails when one is an error.
pub(crate) fn run() -> Result<ExitCode> {
    check()?;
    println!("tidy");
    Ok(ExitCode::SUCCESS)
}

/// Prints every violation; fails when one is an error.
pub(crate) fn check() -> Result<()> {
    let violations = violations()?;
    for violation in &violations {
        println!("{violation}");
    }
    let errors = violations.iter().filter(|violation| !violation.is_warning).count();
    if errors > 0 {
        bail!("{errors} violations of the rules in CONTRIBUTING.md and ARCHITECTURE.md");
    }
    Ok(())
}

fn violations() -> Result<Vec<Violation>> {
    let sources = Sources::read()?;
    let mut found = Vec::new();
    map::check(&sources, &mut found)?;
    arrows::check(&sources, &mut found)?;
    solitude::check(&sources, &mut found);
    shape::check(&sources, &mut found);
    words::check(&sources, &mut found);
    found.sort_by(|a, b| (&a.path, a.line).cmp(&(&b.path, b.line)));
    Ok(found)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_is_tidy() {
        let result = super::check();
        assert!(result.is_ok(), "{}", result.unwrap_err());
    }
}
