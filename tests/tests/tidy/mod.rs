//! House rules that a compiler does not know, as tests: what may import what, how files look, what SQL may say. What clippy
//! can check is in `.clippy.toml` and the workspace's lints instead.

use std::fs;
use std::path::{Path, PathBuf};

mod circles;
mod deploy;
mod files;
mod imports;
mod routes;
mod sql;

/// A file of the work tree.
pub(crate) struct Source {
    /// Its path from the root of the workspace, with forward slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// The part before the unit tests, which is what the rules about product code look at.
    pub(crate) fn product(&self) -> &str {
        before_tests(&self.text)
    }

    /// Whether the whole file is tests.
    pub(crate) fn is_tests(&self) -> bool {
        self.path.starts_with("tests/tests/")
            || self.path.starts_with("protocol/tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
    }
}

/// Cuts off the unit tests at the end of a file: a module called `tests` with its text in place.
pub(crate) fn before_tests(text: &str) -> &str {
    text.match_indices("\n#[cfg(test)]\n")
        .find(|(at, mark)| {
            let next = text[at + mark.len()..].lines().next().unwrap_or_default();
            next.ends_with("mod tests {")
        })
        .map_or(text, |(at, _)| &text[..at])
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("tests lies in a folder of the workspace")
        .to_path_buf()
}

/// Every file under some folders of the workspace whose name ends so, in order.
pub(crate) fn sources(folders: &[&str], ending: &str) -> Vec<Source> {
    let mut found = Vec::new();
    for folder in folders {
        collect(&root().join(folder), ending, &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(folder: &Path, ending: &str, found: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries {
        let path = entry.expect("the folder can be listed").path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("names are UTF-8");
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(&path, ending, found);
            }
        } else if name.ends_with(ending) {
            let Ok(text) = fs::read_to_string(&path) else {
                continue; // A picture or another file without text.
            };
            found.push(Source {
                path: path
                    .strip_prefix(root())
                    .ok()
                    .and_then(Path::to_str)
                    .expect("below the root")
                    .to_owned(),
                text,
            });
        }
    }
}

/// The folders with Rust in them.
pub(crate) const CRATES: [&str; 5] = ["protocol", "controller", "agent", "tests", "xtask"];

/// Every Rust file of the workspace.
pub(crate) fn rust() -> Vec<Source> {
    sources(&CRATES, ".rs")
}

/// Fails with all the faults at once, so that one run is enough to mend them.
#[track_caller]
pub(crate) fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The lines of a text with their numbers, comments left out.
pub(crate) fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with("//"))
}

#[test]
fn the_rules_see_the_work_tree() {
    let all = rust();
    for folder in CRATES {
        assert!(
            all.iter().any(|file| file.path.starts_with(folder)),
            "no Rust file found in {folder}"
        );
    }
}
