//! Debian packages: what a command needs is installed where that is possible, and asked for in one line where not.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::process;

/// Finds a program in PATH.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

/// Whether this process may do everything.
pub(crate) fn root() -> bool {
    // SAFETY: geteuid() cannot fail and touches no memory.
    #[expect(unsafe_code, reason = "std does not tell the user's id")]
    unsafe {
        libc::geteuid() == 0
    }
}

/// Installs Debian packages, as root or through sudo without a password.
///
/// # Errors
/// With the line to type, when neither is possible.
pub(crate) fn install(why: &str, packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if program("apt-get").is_none() {
        bail!(
            "{why} is missing; this is no Debian system, so please install what it calls: {list}"
        );
    }
    let sudo: &[&str] = if root() {
        &[]
    } else if program("sudo").is_some() && sudo_works() {
        &["sudo", "-n"]
    } else {
        bail!(
            "{why} is missing. Please run this line, then try again:\n\n    \
             apt-get update && apt-get install --no-install-recommends {list}\n"
        );
    };
    println!("{why} is missing: installing {list}");
    process::run(apt(sudo, &["update", "-q"]).stdout(Stdio::null()))?;
    let mut arguments = vec!["install", "-y", "-q", "--no-install-recommends"];
    arguments.extend(packages);
    process::run(apt(sudo, &arguments).stdout(Stdio::null()))
}

fn sudo_works() -> bool {
    Command::new("sudo")
        .args(["-n", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn apt(sudo: &[&str], arguments: &[&str]) -> Command {
    let words = [
        sudo,
        &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"],
        arguments,
    ]
    .concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::null());
    command
}
