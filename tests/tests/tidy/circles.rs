//! Where files stand in layers: none imports itself by way of others, so each can be read with only what lies below it in mind.

use std::collections::{BTreeMap, BTreeSet};

use super::{Source, code_lines, none, sources};

/// The folders whose files stand so.
const LAYERED: [&str; 27] = [
    "agent/src/access",
    "agent/src/agent",
    "agent/src/doctor",
    "agent/src/portal",
    "agent/src/routeros",
    "agent/src/store",
    "controller/src/access",
    "controller/src/admin",
    "controller/src/api",
    "controller/src/audit",
    "controller/src/captive",
    "controller/src/cli",
    "controller/src/config",
    "controller/src/db",
    "controller/src/devdb",
    "controller/src/export",
    "controller/src/fleet",
    "controller/src/payments",
    "controller/src/pdf",
    "controller/src/plans",
    "controller/src/rails",
    "controller/src/reports",
    "controller/src/routes",
    "controller/src/subscriptions",
    "controller/src/tickets",
    "controller/src/web",
    "controller/src/webhooks",
];

/// Modules, each with those it takes something from.
type Uses = BTreeMap<String, BTreeSet<String>>;

/// Modules, each with the names it has from elsewhere and where those are from.
type Names = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn no_file_imports_itself_by_way_of_others() {
    let mut faults = Vec::new();
    for folder in LAYERED {
        let files = sources(&[folder], ".rs");
        if let Some(circle) = circle(&uses(&files)) {
            faults.push(format!("{folder}: {}", circle.join(" -> ")));
        }
    }
    none(faults);
}

#[test]
fn a_store_stands_on_nothing_that_uses_one() {
    let is_store = |module: &str| module.split("::").any(|part| part == "store");
    let mut faults = Vec::new();
    for folder in LAYERED {
        let uses = uses(&sources(&[folder], ".rs"));
        let mut waiting: Vec<_> = uses.keys().filter(|from| is_store(from)).collect();
        let mut below = BTreeSet::new();
        while let Some(from) = waiting.pop() {
            for to in uses[from].iter().filter(|to| !is_store(to)) {
                if below.insert(to) {
                    waiting.push(to);
                }
            }
        }
        for from in below {
            for store in uses[from].iter().filter(|to| is_store(to)) {
                faults.push(format!("{from}: stands below the stores, and uses {store}"));
            }
        }
    }
    none(faults);
}

/// Who takes something from whom. That a file hands a name on, as a store does its parts', ties it to nobody: whoever takes the name is tied to
/// the file it is from.
fn uses(files: &[Source]) -> Uses {
    let files = || files.iter().filter(|file| !file.is_tests());
    let mut names: Names = files()
        .map(|file| (module(file), BTreeMap::new()))
        .collect();
    let mut read = Vec::new();
    for file in files() {
        let here = module(file);
        let (lines, code) = parted(file);
        let mut taken = Vec::new();
        for (is_handed_on, line) in lines {
            for path in spread(&line) {
                let (path, alias) = path.split_once(" as ").unwrap_or((path.as_str(), ""));
                let path = path.trim_end_matches("::self");
                let Some(path) = absolute(&here, path, &names) else {
                    continue;
                };
                let last = path.rsplit("::").next().unwrap_or_default();
                let name = if alias.is_empty() { last } else { alias };
                if !is_handed_on {
                    taken.push((name.to_owned(), path.clone()));
                }
                let own = names.entry(here.clone()).or_default();
                own.insert(name.to_owned(), path);
            }
        }
        read.push((here, taken, code));
    }
    read.into_iter()
        .map(|(here, taken, code)| {
            let mut found = BTreeSet::new();
            for (name, path) in taken {
                match home(&path, &names) {
                    // Of a module it is the names behind it that are taken.
                    Some((_, true)) => {
                        let behind = chains(&code, &name).into_iter();
                        let behind = behind.map(|chain| format!("{path}{}", &chain[name.len()..]));
                        found.extend(behind.filter_map(|path| home(&path, &names)));
                    }
                    Some(of_one) => {
                        found.insert(of_one);
                    }
                    None => {}
                }
            }
            let inline = ["crate", "super"].map(|root| chains(&code, root));
            let inline = inline.into_iter().flatten();
            let inline = inline.filter_map(|path| absolute(&here, path, &names));
            found.extend(inline.filter_map(|path| home(&path, &names)));
            let from = found.into_iter().map(|(module, _)| module);
            let from: BTreeSet<_> = from.filter(|module| *module != here).collect();
            (here, from)
        })
        .collect()
}

/// The module that a file is: `payments::store` of `…/src/payments/store/mod.rs`.
fn module(file: &Source) -> String {
    let inside = file.path.split_once("/src/").expect("a file of src").1;
    let inside = inside.trim_end_matches(".rs").trim_end_matches("/mod");
    inside.replace('/', "::")
}

/// What a file's `use` lines say, and whether they hand it on; and the rest of its code.
fn parted(file: &Source) -> (Vec<(bool, String)>, String) {
    let lines: Vec<_> = code_lines(file.product()).map(|(_, line)| line).collect();
    let (mut uses, mut code) = (Vec::new(), String::new());
    for piece in lines.join("\n").split(';') {
        let piece = piece.trim();
        match piece.split_once("use ") {
            Some(("", tree)) => uses.push((false, tree.to_owned())),
            Some(("pub " | "pub(super) " | "pub(crate) ", tree)) => {
                uses.push((true, tree.to_owned()));
            }
            _ => {
                code.push_str(piece);
                code.push('\n');
            }
        }
    }
    (uses, code)
}

/// Each path of a `use` by itself: `a::{b, c::{self, d}}` is `a::b`, `a::c::self` and `a::c::d`.
fn spread(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((stem, rest)) = tree.split_once('{') else {
        return vec![tree.to_owned()];
    };
    let rest = rest.strip_suffix('}').unwrap_or(rest);
    let mut depth = 0;
    rest.split(|c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
    .filter(|branch| !branch.trim().is_empty())
    .flat_map(spread)
    .map(|branch| format!("{stem}{branch}"))
    .collect()
}

/// A path from the crate on, if it leads into it.
fn absolute(here: &str, path: &str, names: &Names) -> Option<String> {
    let mut at: Vec<&str> = here.split("::").collect();
    let mut parts = path.split("::").peekable();
    let first = *parts.peek()?;
    match first {
        "crate" => {
            at.clear();
            parts.next();
        }
        "self" => {
            parts.next();
        }
        "super" => {}
        _ if names.contains_key(&format!("{here}::{first}")) => {}
        _ => return None,
    }
    while parts.next_if_eq(&"super").is_some() {
        at.pop();
    }
    at.extend(parts);
    Some(at.join("::"))
}

/// The module that what a path names is from, and whether the path is that of the module itself.
fn home(path: &str, names: &Names) -> Option<(String, bool)> {
    let mut module = path;
    let own = loop {
        match names.get(module) {
            Some(own) => break own,
            None => module = module.rsplit_once("::")?.0,
        }
    };
    let rest = path[module.len()..].trim_start_matches("::");
    let name = rest.split("::").next().unwrap_or_default();
    match own.get(name) {
        Some(from) => home(&format!("{from}{}", &rest[name.len()..]), names),
        None => Some((module.to_owned(), rest.is_empty())),
    }
}

/// The paths in a piece of code that begin with a name: `store::list::lines` of `store::list::lines(conn)`.
fn chains<'a>(code: &'a str, name: &str) -> Vec<&'a str> {
    let is_of_path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    code.match_indices(&format!("{name}::"))
        .filter(|(at, _)| !code[..*at].ends_with(is_of_path))
        .map(|(at, _)| {
            let rest = &code[at..];
            let end = rest.find(|c: char| !is_of_path(c)).unwrap_or(rest.len());
            rest[..end].trim_end_matches(':')
        })
        .collect()
}

/// A way from a module back to itself, if there is one.
fn circle(uses: &Uses) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    uses.keys()
        .find_map(|from| follow(uses, from, &mut Vec::new(), &mut done))
}

fn follow<'a>(
    uses: &'a Uses,
    at: &'a str,
    way: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) -> Option<Vec<String>> {
    if let Some(begin) = way.iter().position(|before| *before == at) {
        let circle = way[begin..].iter().chain([&at]);
        return Some(circle.map(|module| (*module).to_owned()).collect());
    }
    if done.contains(at) {
        return None;
    }
    way.push(at);
    let found = uses
        .get(at)
        .into_iter()
        .flatten()
        .find_map(|to| follow(uses, to, way, done));
    way.pop();
    done.insert(at);
    found
}

#[test]
fn a_circle_is_seen_through_whatever_hands_a_name_on() {
    let file = |path: &str, text: &str| Source {
        path: format!("controller/src/shop/{path}"),
        text: text.to_owned(),
    };
    let mut files = vec![
        file(
            "mod.rs",
            "pub mod sell;\nuse store::Line;\nstruct Till(Line);",
        ),
        file("store/mod.rs", "mod lines;\npub use lines::{Line, put};"),
        file("store/lines.rs", "use serde::{self, de};\nstruct Line;"),
        file(
            "sell.rs",
            "use super::{store as rows, tell::{self, Told}};\nfn sell() -> Told { rows::put() }",
        ),
        file("tell.rs", "fn tell() { crate::shop::store::put() }"),
    ];
    let of = |uses: &Uses, module: &str| Vec::from_iter(uses[module].clone());
    let found = uses(&files);
    assert_eq!(of(&found, "shop"), ["shop::store::lines"]);
    assert_eq!(
        of(&found, "shop::sell"),
        ["shop::store::lines", "shop::tell"]
    );
    assert_eq!(of(&found, "shop::tell"), ["shop::store::lines"]);
    assert_eq!(circle(&found), None);
    files[2].text = "use super::super::sell;\nfn put() { sell::sell() }".to_owned();
    let round = ["shop::store::lines", "shop::sell", "shop::store::lines"];
    assert_eq!(circle(&uses(&files)).unwrap(), round);
}
