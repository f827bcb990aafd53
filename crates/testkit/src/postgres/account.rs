//! The account that a server runs under. PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Accounts for a server that root starts, best first.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// An account; ours, unless that is root's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Account {
    /// The user's number.
    pub(super) user: u32,
    group: u32,
    /// Whether it takes a change of user to get there.
    is_other: bool,
}

impl Account {
    /// The account for servers.
    pub(super) fn of_servers() -> Result<Self> {
        if is_root() { Self::unprivileged() } else { Ok(Self::ours()) }
    }

    fn ours() -> Self {
        let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
        Self { user: user.as_raw(), group: group.as_raw(), is_other: false }
    }

    fn unprivileged() -> Result<Self> {
        let known = UNPRIVILEGED.iter().find_map(|name| {
            Some(Self { user: number("-u", name)?, group: number("-g", name)?, is_other: true })
        });
        known.context("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
    }

    /// A command that runs under the account.
    pub(super) fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if self.is_other {
            command.uid(self.user).gid(self.group);
        }
        command
    }

    /// Gives the account a file or a folder, with all that is in it.
    pub(super) fn own(self, path: &Path) -> Result<()> {
        if !self.is_other {
            return Ok(());
        }
        chown(path, Some(self.user), Some(self.group))
            .with_context(|| format!("cannot give {} away", path.display()))?;
        if !path.is_dir() {
            return Ok(());
        }
        for entry in fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
            self.own(&entry?.path())?;
        }
        Ok(())
    }
}

/// Whether we may do everything.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs a command whose output is only of interest when it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    if output.status.success() {
        return Ok(());
    }
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    bail!("{:?} failed with {}:\n{said}{complained}", command.get_program(), output.status)
}

fn number(option: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([option, name]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
