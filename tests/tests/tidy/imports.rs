//! Which way imports go: `main → lib → tables → slices → ground → protocol` on the controller, shell to core on the
//! agent, and no program sees the other.

use std::fs;

use super::{Source, code_lines, none, root, sources};

/// The slices of the controller in order: one may use those before it, never those after.
const SLICES: [&str; 13] = [
    "providers",
    "webhooks",
    "fleet",
    "plans",
    "tickets",
    "access",
    "payments",
    "subscriptions",
    "captive",
    "reports",
    "export",
    "admin",
    "api",
];

/// What every slice stands on.
const GROUND: [&str; 18] = [
    "app",
    "audit",
    "batch",
    "bus",
    "clock",
    "config",
    "db",
    "devdb",
    "entropy",
    "health",
    "jobs",
    "nairobi",
    "passwords",
    "pdf",
    "rails",
    "ratelimit",
    "vault",
    "web",
];

/// What sees every slice and is seen by nothing below it; the URLs start the links that the messages come by.
const TABLES: [&str; 3] = ["dispatch", "work", "routes"];

/// How high a module of the controller stands; it may use what stands lower, or as low if that is the ground.
fn height(module: &str) -> Option<usize> {
    if GROUND.contains(&module) {
        return Some(0);
    }
    if let Some(place) = SLICES.iter().position(|slice| *slice == module) {
        return Some(1 + place);
    }
    if let Some(place) = TABLES.iter().position(|table| *table == module) {
        return Some(1 + SLICES.len() + place);
    }
    let top = 1 + SLICES.len() + TABLES.len();
    match module {
        "cli" => Some(top),
        "lib" => Some(top + 1),
        "main" => Some(top + 2),
        _ => None,
    }
}

/// Whether one module of the controller may use another.
fn controller_may(from: &str, to: &str) -> Result<bool, String> {
    let height = |module| {
        height(module).ok_or_else(|| format!("`{module}` has no place in the table of modules"))
    };
    let (above, below) = (height(from)?, height(to)?);
    Ok(from == to || below < above || (above == 0 && below == 0))
}

/// What a module of the agent may use beside itself; `None` for one that may use everything.
fn agent_may_use(module: &str) -> Option<&'static [&'static str]> {
    match module {
        "main" | "lib" | "cli" | "agent" | "doctor" => None,
        "core" => Some(&["access::desired", "access::observed"]),
        "routeros" | "clock" => Some(&[]),
        "config" => Some(&["routeros", "clock"]),
        "access" => Some(&["routeros", "clock"]),
        "store" | "portal" => Some(&["core", "clock", "config"]),
        "dial" => Some(&["clock", "config"]),
        "link" | "health" => Some(&["core", "clock", "config", "dial", "store"]),
        "enrol" => Some(&["clock", "config", "dial", "routeros", "store"]),
        _ => Some(&[]),
    }
}

/// The module a file belongs to, and the folder of its crate's source: `agent/src/core/site.rs` is `core`.
fn module(file: &Source) -> &str {
    let inside = file.path.split_once("/src/").expect("a file of src").1;
    inside
        .split_once('/')
        .map_or_else(|| inside.trim_end_matches(".rs"), |(folder, _)| folder)
}

/// How deep a file's module lies: `lib.rs` at 0, `core/mod.rs` at 1, `core/site.rs` at 2.
fn depth(file: &Source) -> usize {
    let inside = file.path.split_once("/src/").expect("a file of src").1;
    let parts = inside.matches('/').count() + 1;
    match inside {
        "lib.rs" | "main.rs" => 0,
        _ if inside.ends_with("/mod.rs") => parts - 1,
        _ => parts,
    }
}

/// The paths that a piece of code reaches by going up to the crate itself with `super`, from a module so deep.
fn climbed(line: &str, depth: usize) -> impl Iterator<Item = &str> {
    line.match_indices("super::")
        .filter(|(at, _)| !line[..*at].ends_with("super::"))
        .filter_map(move |(at, _)| {
            let mut rest = &line[at..];
            let mut up = 0;
            while let Some(after) = rest.strip_prefix("super::") {
                (rest, up) = (after, up + 1);
            }
            let end = rest
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
                .unwrap_or(rest.len());
            let path = rest[..end].trim_end_matches(':');
            let is_module = path.starts_with(|c: char| c.is_ascii_lowercase());
            (up == depth && is_module).then_some(path)
        })
}

/// The paths inside the crate that a piece of code names: `use crate::a::{b, c}` and `crate::a::b()` alike.
fn named(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("crate::").filter_map(|(at, _)| {
        let whole_word =
            !line[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$');
        let rest = &line[at + "crate::".len()..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'))
            .unwrap_or(rest.len());
        let path = rest[..end].trim_end_matches(':');
        let starts_small = path.starts_with(|c: char| c.is_ascii_lowercase());
        (whole_word && starts_small && !path.is_empty()).then_some(path)
    })
}

fn first(path: &str) -> &str {
    path.split("::").next().unwrap_or(path)
}

#[test]
fn the_controller_imports_downwards() {
    let mut faults = Vec::new();
    for file in sources(&["controller/src"], ".rs") {
        if file.is_tests() {
            continue;
        }
        let from = module(&file);
        for (number, line) in code_lines(file.product()) {
            for path in named(line).chain(climbed(line, depth(&file))) {
                match controller_may(from, first(path)) {
                    Ok(true) => {}
                    Ok(false) => {
                        faults.push(format!("{}:{number}: {from} may not use {path}", file.path))
                    }
                    Err(fault) => faults.push(format!("{}:{number}: {fault}", file.path)),
                }
            }
        }
    }
    none(faults);
}

/// The pages that a piece of code names. Words are none: letters, texts and papers are written in them too.
fn pages(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("pages::").filter_map(|(at, _)| {
        let whole_word = !line[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let rest = &line[at..];
        (whole_word && !rest.starts_with("pages::words")).then_some(rest)
    })
}

/// Whether a file shows pages, by its name or because it answers browsers itself.
fn shows_pages(file: &Source) -> bool {
    file.path.contains("/pages/")
        || file.path.ends_with("pages.rs")
        || module(file) == "routes"
        || code_lines(file.product()).any(|(_, line)| line.contains("axum"))
}

#[test]
fn no_rule_knows_a_page() {
    let mut faults = Vec::new();
    for file in sources(&["controller/src"], ".rs") {
        let is_word = file.path.contains("/pages/words/");
        if file.is_tests() || (shows_pages(&file) && !is_word) {
            continue;
        }
        for (number, line) in code_lines(file.product()) {
            for page in pages(line) {
                faults.push(format!("{}:{number}: a rule may not use {page}", file.path));
            }
            if is_word && line.contains("axum") {
                faults.push(format!("{}:{number}: words answer nobody", file.path));
            }
        }
    }
    none(faults);
}

#[test]
fn the_agent_imports_inwards() {
    let mut faults = Vec::new();
    for file in sources(&["agent/src"], ".rs") {
        if file.is_tests() {
            continue;
        }
        let from = module(&file);
        let Some(allowed) = agent_may_use(from) else {
            continue;
        };
        for (number, line) in code_lines(file.product()) {
            for path in named(line).chain(climbed(line, depth(&file))) {
                let fine = first(path) == from
                    || allowed.iter().any(|allowed| {
                        path == *allowed || path.starts_with(&format!("{allowed}::"))
                    });
                if !fine {
                    faults.push(format!("{}:{number}: {from} may not use {path}", file.path));
                }
            }
        }
    }
    none(faults);
}

/// What would let the outside world into a pure place.
const IMPURE: [&str; 11] = [
    "tokio",
    "sqlx",
    "hyper",
    "rustls",
    "tracing",
    "std::fs",
    "std::net::Tcp",
    "std::thread",
    "std::env",
    "SystemTime",
    "HashMap",
];

#[test]
fn the_pure_places_stay_pure() {
    let mut faults = Vec::new();
    for file in sources(&["protocol/src", "agent/src/core"], ".rs") {
        if file.is_tests() {
            continue;
        }
        for (number, line) in code_lines(file.product()) {
            for word in IMPURE.iter().filter(|word| line.contains(**word)) {
                faults.push(format!("{}:{number}: {word} has no place here", file.path));
            }
        }
    }
    none(faults);
}

#[test]
fn neither_program_sees_the_other() {
    let mut faults = Vec::new();
    for (of, others) in [
        (
            "protocol",
            vec!["mnara-agent", "mnara-controller", "mnara-tests"],
        ),
        ("agent", vec!["mnara-controller", "mnara-tests"]),
        ("controller", vec!["mnara-agent", "mnara-tests"]),
        (
            "xtask",
            vec![
                "mnara-agent",
                "mnara-controller",
                "mnara-protocol",
                "mnara-tests",
            ],
        ),
    ] {
        let manifest = fs::read_to_string(root().join(of).join("Cargo.toml")).unwrap();
        for other in others {
            let depends = manifest.lines().any(|line| {
                line.starts_with(other) || line.contains(&format!("package = \"{other}\""))
            });
            if depends {
                faults.push(format!("{of}/Cargo.toml: may not depend on {other}"));
            }
        }
    }
    none(faults);
}

#[test]
fn a_simulator_shares_nothing_with_the_client_it_plays_against() {
    let mut faults = Vec::new();
    for file in sources(&["tests/src/sim"], ".rs") {
        for (number, line) in code_lines(&file.text) {
            if [
                "mnara_agent",
                "mnara_controller",
                "mnara_protocol",
                "crate::world",
                "crate::story",
            ]
            .iter()
            .any(|name| line.contains(name))
            {
                faults.push(format!(
                    "{}:{number}: a shared misunderstanding would go unseen",
                    file.path
                ));
            }
        }
    }
    none(faults);
}

#[test]
fn the_map_names_every_module_of_the_controller() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, rest) = map.split_once("**controller**").unwrap();
    let (of_controller, _) = rest.split_once("\n\n").unwrap();
    // What stands in code, split where the slices stand in a row of arrows.
    let named: Vec<&str> = of_controller
        .split('`')
        .skip(1)
        .step_by(2)
        .flat_map(|code| code.split('→'))
        .map(|name| name.trim().trim_end_matches('/').trim_end_matches(".rs"))
        .collect();
    let mut faults = Vec::new();
    for file in sources(&["controller/src"], ".rs") {
        let module = module(&file);
        let fault = format!("ARCHITECTURE.md does not say where `{module}` stands");
        if !["main", "tests"].contains(&module) && !named.contains(&module) {
            faults.push(fault);
        }
    }
    faults.dedup();
    none(faults);
}

#[test]
fn the_tables_refuse_what_they_should() {
    assert_eq!(controller_may("payments", "tickets"), Ok(true));
    assert_eq!(controller_may("tickets", "payments"), Ok(false));
    assert_eq!(controller_may("db", "providers"), Ok(false));
    assert_eq!(controller_may("fleet", "dispatch"), Ok(false));
    assert_eq!(controller_may("db", "clock"), Ok(true));
    assert!(controller_may("db", "helpers").is_err());
    let line = "use crate::tickets::{self, store}; mnara_protocol::x(); $crate::y(); crate::Z; crate::db::At";
    assert_eq!(named(line).collect::<Vec<_>>(), ["tickets", "db::At"]);
    let line = "use super::super::{a, b}; use super::super::tickets::store; super::Own; super::super::db::At";
    assert_eq!(
        climbed(line, 2).collect::<Vec<_>>(),
        ["tickets::store", "db::At"]
    );
    assert_eq!(climbed("use super::store;", 2).count(), 0);
    let line = "use super::pages::names; use crate::providers::pages::words::Words; my_pages::x();";
    assert_eq!(pages(line).count(), 1);
    let at = |path: &str| {
        depth(&Source {
            path: path.to_owned(),
            text: String::new(),
        })
    };
    assert_eq!(at("agent/src/lib.rs"), 0);
    assert_eq!(at("agent/src/core/mod.rs"), 1);
    assert_eq!(at("agent/src/core/replay/back.rs"), 3);
}
