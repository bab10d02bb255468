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

/// Something a command cannot do without.
pub(crate) struct Need {
    /// What people call it.
    pub(crate) what: &'static str,
    /// The Debian packages it comes in.
    pub(crate) packages: &'static [&'static str],
    /// Whether it is here.
    pub(crate) is_here: fn() -> bool,
}

/// A browser, with letters to draw pages with.
pub(crate) const CHROMIUM: Need = Need {
    what: "Chromium",
    packages: &["chromium", "fonts-dejavu-core"],
    is_here: || program("chromium").is_some(),
};

/// What runs programs in the language of browsers, and brings them.
pub(crate) const NODE: Need = Need {
    what: "Node.js",
    packages: &["nodejs", "npm"],
    is_here: || program("node").is_some() && program("npm").is_some(),
};

/// Installs what is missing of several things at once, so that whoever must do it by hand is asked once.
///
/// # Errors
/// With the line to type, when it cannot be installed.
pub(crate) fn install_all(needs: &[Need]) -> Result<()> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !(need.is_here)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|need| need.what).collect();
    let packages: Vec<&str> = missing
        .iter()
        .flat_map(|need| need.packages)
        .copied()
        .collect();
    install(&names.join(" and "), &packages)
}

/// Installs Debian packages, as root or through sudo without a password.
///
/// # Errors
/// With the line to type, when neither is possible.
pub(crate) fn install(why: &str, packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if program("apt-get").is_none() {
        bail!(
            "missing here: {why}; this is no Debian system, so please install what it calls: {list}"
        );
    }
    let sudo: &[&str] = if root() {
        &[]
    } else if program("sudo").is_some() && sudo_works() {
        &["sudo", "-n"]
    } else {
        bail!(
            "missing here: {why}. Please run this line, then try again:\n\n    \
             apt-get update && apt-get install --no-install-recommends {list}\n"
        );
    };
    println!("missing here: {why}. Installing {list}");
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
