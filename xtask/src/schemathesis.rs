//! Schemathesis, which tries the API by its description: a Python program from `PyPI`, in a folder of its own below `target/`.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::packages::{Need, program};
use crate::process;
use crate::workspace::target;

/// It and all it needs, each at one version.
const PINNED: &str = include_str!("schemathesis.txt");

/// Python, and what makes a folder of it for one program.
pub(crate) const PYTHON: Need = Need {
    what: "Python with venv",
    packages: &["python3", "python3-venv"],
    is_here: || {
        program("python3").is_some()
            && Command::new("python3")
                .args(["-c", "import venv, ensurepip"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
    },
};

/// Puts the pinned version into `target/schemathesis`, unless it is there.
///
/// # Errors
/// With what is missing and the lines to type, when it cannot be installed.
pub(crate) fn install() -> Result<()> {
    let folder = target()?.join("schemathesis");
    let (list, pip) = (folder.join("pinned.txt"), folder.join("bin/pip"));
    if fs::read_to_string(&list).is_ok_and(|installed| installed == PINNED) {
        return Ok(());
    }
    println!(
        "missing here: Schemathesis. Installing it from PyPI into {}",
        folder.display()
    );
    // A folder that was left half made, or one with another version.
    let _ = fs::remove_dir_all(&folder);
    process::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let wanted = folder.join("wanted.txt");
    fs::write(&wanted, PINNED).with_context(|| format!("writing {}", wanted.display()))?;
    let mut install = Command::new(&pip);
    install
        .args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
            "-r",
        ])
        .arg(&wanted)
        .stdin(Stdio::null());
    if let Err(error) = process::run(&mut install) {
        bail!(
            "missing here: Schemathesis, and PyPI could not be reached ({error:#}). It is what tries the API by its description, so the tests \
             do not run without it. Where PyPI, or a mirror that pip is set up for, can be reached, these lines bring it:\n\n    \
             python3 -m venv {folder}\n    {pip} install -r xtask/src/schemathesis.txt && cp xtask/src/schemathesis.txt {list}\n",
            folder = folder.display(),
            pip = pip.display(),
            list = list.display(),
        );
    }
    fs::rename(&wanted, &list).with_context(|| format!("writing {}", list.display()))
}
