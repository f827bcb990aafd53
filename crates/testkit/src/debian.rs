//! Installs packages of Debian, where that is possible.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;

use crate::postgres::account;

/// Whether this is a Debian on which we may install packages.
pub(crate) fn can_install() -> bool {
    account::is_root() && Path::new("/usr/bin/apt-get").is_file()
}

/// Installs a package, without those that are merely recommended.
pub(crate) fn install(package: &str) -> Result<()> {
    apt_get(&["update"])?;
    apt_get(&["install", "-y", "--no-install-recommends", package])
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = Command::new("apt-get");
    command.args(["-qq", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Options::=--force-confold"]);
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    account::run(&mut command)
}
