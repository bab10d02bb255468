//! Where the workspace is and how its own cargo is called. It starts nothing.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

/// Lets tests push the clocks of both programs. Always the same list, so that no command rebuilds what another built.
const FEATURES: &str = "mnara-controller/moved-clock,mnara-agent/moved-clock";

/// How the variables start that cargo sets for the package whose program it runs.
const OF_THIS_PACKAGE: [&str; 4] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_CRATE_",
    "CARGO_BIN_",
];

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in a folder of the workspace")
        .to_path_buf()
}

/// A call of cargo in the workspace, in offline query mode whatever the environment says.
///
/// Cargo tells the program it runs about its package. Those words go no further: build scripts that read them would take their crate for changed, and
/// with it all that stands on it, each time a person calls cargo after this program did.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::null())
        .env("SQLX_OFFLINE", "true")
        .env_remove("DATABASE_URL")
        .env_remove("SQLX_OFFLINE_DIR");
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if OF_THIS_PACKAGE.iter().any(|start| text.starts_with(start)) {
            command.env_remove(&name);
        }
    }
    command
}

/// The arguments of a cargo command on the whole workspace as tests and the demo use it.
pub(crate) fn arguments<'a>(verb: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec![verb, "--locked", "--workspace", "--features", FEATURES];
    arguments.extend(more);
    arguments
}

/// The folder cargo builds into.
pub(crate) fn target() -> Result<PathBuf> {
    let output = cargo(&["metadata", "--locked", "--no-deps", "--format-version", "1"])
        .stderr(Stdio::inherit())
        .output()
        .context("asking cargo where it builds")?;
    ensure!(output.status.success(), "cargo metadata failed");
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).context("reading cargo's metadata")?;
    metadata["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .context("cargo's metadata names no target folder")
}
