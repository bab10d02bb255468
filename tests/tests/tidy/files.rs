//! How files look: their first line, their size, their place, and what must not be in them.

use std::fs;
use std::path::Path;

use super::{CRATES, code_lines, none, root, rust, sources};

const MOST_LINES: usize = 500;

#[test]
fn a_file_says_first_what_it_is_for() {
    let faults = rust()
        .iter()
        .filter(|file| {
            let first = file.text.lines().next().unwrap_or_default();
            // "//! Entry." says nothing.
            !first.starts_with("//! ") || first.len() < 20
        })
        .map(|file| {
            format!(
                "{}: the first line must be `//! …`, saying what the file is for",
                file.path
            )
        })
        .collect();
    none(faults);
}

#[test]
fn files_stay_small() {
    let faults = rust()
        .iter()
        .filter(|file| !file.is_tests())
        .map(|file| (file, file.product().lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(file, lines)| {
            format!(
                "{}: {lines} lines before its tests, {MOST_LINES} at most",
                file.path
            )
        })
        .collect();
    none(faults);
}

#[test]
fn long_tests_have_a_file_of_their_own() {
    let faults = rust()
        .iter()
        .filter(|file| !file.is_tests() && !file.path.starts_with("tests/"))
        .map(|file| {
            (
                file,
                file.text.lines().count() - file.product().lines().count(),
            )
        })
        .filter(|(_, lines)| *lines > 200)
        .map(|(file, lines)| {
            format!(
                "{}: {lines} lines of tests; move them to a tests.rs beside it",
                file.path
            )
        })
        .collect();
    none(faults);
}

#[test]
fn a_module_with_children_is_a_mod_rs() {
    let faults = rust()
        .iter()
        .filter(|file| {
            let stem = file.path.strip_suffix(".rs").expect("a Rust file");
            holds_rust(&root().join(stem)) && !stem.ends_with("/lib") && !stem.ends_with("/main")
        })
        .map(|file| {
            format!(
                "{}: its folder stands beside it; make it that folder's mod.rs",
                file.path
            )
        })
        .collect();
    none(faults);
}

fn holds_rust(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| {
        entries.filter_map(Result::ok).any(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "rs")
        })
    })
}

#[test]
fn nothing_is_left_half_done() {
    let marks = [
        concat!("to", "do!("),
        concat!("unimpl", "emented!("),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("#[ig", "nore]"),
        concat!("#[al", "low("),
        concat!("dbg", "!("),
    ];
    let mut faults = Vec::new();
    for file in rust() {
        for (number, line) in file.text.lines().enumerate() {
            for mark in marks {
                if line.contains(mark) {
                    faults.push(format!("{}:{}: {mark}", file.path, number + 1));
                }
            }
        }
    }
    none(faults);
}

/// Nothing would compile it: `doctest` is off in every crate.
#[test]
fn no_example_stands_in_a_comment() {
    let mut faults = Vec::new();
    for file in rust() {
        for (number, line) in file.text.lines().enumerate() {
            let line = line.trim_start();
            if (line.starts_with("///") || line.starts_with("//!")) && line.contains("```") {
                faults.push(format!("{}:{}: make it a test", file.path, number + 1));
            }
        }
    }
    none(faults);
}

#[test]
fn no_path_of_somebodys_machine_is_in_the_tree() {
    let paths = [
        concat!("/wo", "rk/"),
        concat!("/fa", "rm/"),
        concat!("/tm", "p/"),
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
    ];
    let mut folders = CRATES.to_vec();
    folders.extend(["migrations", "firmware", "deploy"]);
    let mut faults = Vec::new();
    for file in sources(&folders, "") {
        for (number, line) in file.text.lines().enumerate() {
            for path in paths {
                if line.contains(path) {
                    faults.push(format!("{}:{}: {path}", file.path, number + 1));
                }
            }
        }
    }
    none(faults);
}

/// The programs whose job is printing.
const PRINTERS: [&str; 7] = [
    "agent/src/cli",
    "agent/src/doctor",
    "agent/src/main.rs",
    "controller/src/cli",
    "controller/src/main.rs",
    "tests/",
    "xtask/src/",
];

#[test]
fn only_programs_that_print_may_print() {
    let mut faults = Vec::new();
    for file in rust() {
        if PRINTERS
            .iter()
            .any(|printer| file.path.starts_with(printer))
            || file.path.ends_with("/build.rs")
        {
            continue;
        }
        for (number, line) in code_lines(file.product()) {
            if ["println!", "eprintln!", "print!(", "eprint!("]
                .iter()
                .any(|word| line.contains(word))
            {
                faults.push(format!(
                    "{}:{number}: log it, or let the command line print it",
                    file.path
                ));
            }
        }
    }
    none(faults);
}

/// The files that may ask the system for the time, beside the clocks of the simulators.
const CLOCKS: [&str; 3] = ["agent/src/clock", "controller/src/clock", "tests/src/sim/"];

#[test]
fn one_file_a_program_asks_for_the_time() {
    let mut faults = Vec::new();
    for file in rust() {
        let product = ["protocol/src/", "agent/src/", "controller/src/"]
            .iter()
            .any(|folder| file.path.starts_with(folder));
        if !product || file.is_tests() || CLOCKS.iter().any(|clock| file.path.starts_with(clock)) {
            continue;
        }
        for (number, line) in code_lines(file.product()) {
            if [
                "SystemTime::now",
                "Instant::now",
                "Timestamp::now",
                "Zoned::now",
            ]
            .iter()
            .any(|call| line.contains(call))
            {
                faults.push(format!(
                    "{}:{number}: take the time as an argument",
                    file.path
                ));
            }
        }
    }
    none(faults);
}

#[test]
fn tests_never_sleep_for_luck() {
    let calls = [
        concat!("time::sl", "eep("),
        concat!("thread::sl", "eep("),
        concat!("time::{sl", "eep"),
        concat!("time::sl", "eep;"),
        concat!("thread::sl", "eep;"),
    ];
    let mut faults = Vec::new();
    for file in rust() {
        let test_code = if file.is_tests() || file.path.starts_with("tests/src/world") {
            file.text.as_str()
        } else {
            &file.text[file.product().len()..]
        };
        // Under a paused clock sleeping takes no time and is a way to move it.
        if test_code.contains("start_paused = true") {
            continue;
        }
        for (number, line) in code_lines(test_code) {
            if calls.iter().any(|call| line.contains(call)) {
                faults.push(format!(
                    "{} (line {number} of its tests): wait for an event or move the clock",
                    file.path
                ));
            }
        }
    }
    none(faults);
}

/// Where texts for people stand in Kiswahili, and how the names of these files end.
const TEXTS: [(&str, &str); 5] = [
    ("controller/src/providers", ".rs"),
    ("controller/templates", ".html"),
    ("agent/src/portal", ".rs"),
    ("protocol/src/portal", ".rs"),
    ("firmware/hotspot", ".html"),
];

/// A second word for a thing that has one, and that one.
const SECOND_WORDS: [(&str, &str); 14] = [
    ("mpango", "kifurushi"),
    ("mipango", "vifurushi"),
    ("ajenti", "wakala"),
    ("mafungu", "mifululizo"),
    ("nywila", "nenosiri"),
    ("rauta", "ruta"),
    ("namba", "nambari"),
    ("masaa", "saa"),
    ("dak", "dakika"),
    ("j3", "Jtt"),
    ("ijm", "Iju"),
    ("jmo", "Jms"),
    ("jmosi", "Jms"),
    ("jpi", "Jpl"),
];

#[test]
fn a_thing_has_one_word_in_kiswahili_too() {
    let mut faults = Vec::new();
    for (folder, ending) in TEXTS {
        let files = sources(&[folder], ending);
        assert!(!files.is_empty(), "no text found in {folder}");
        for file in files {
            for (number, line) in file.text.lines().enumerate() {
                let words = line.split(|letter: char| !letter.is_alphanumeric());
                for word in words.map(str::to_lowercase) {
                    let second = SECOND_WORDS.iter().find(|(second, _)| *second == word);
                    faults.extend(second.map(|(second, first)| {
                        format!("{}:{}: {second} is {first}", file.path, number + 1)
                    }));
                }
            }
        }
    }
    none(faults);
}

#[test]
fn who_begins_is_told_which_rust_it_takes() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    let manifest = read("Cargo.toml");
    let oldest = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "))
        .unwrap();
    let told = format!("Rust {} or newer", oldest.trim_matches('"'));
    for path in ["README.md", ".ci/run"] {
        assert!(read(path).contains(&told), "{path} does not say {told:?}");
    }
}
