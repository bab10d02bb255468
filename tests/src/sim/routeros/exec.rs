//! One request against the device: checks in the router's order, then rows, a refusal, or a stream to be kept. No sockets.
use std::collections::BTreeSet;

use super::clock::Ms;
use super::device::Device;
use super::device::edit::{Edited, missing};
use super::hotspot::Reboot;
use super::menu::{self, Kind, Menu, Shape};
use super::query;
use super::record::Record;
use super::sentence::{Replies, Request, Trap};
use super::value;

/// What the members of a user's group may do.
pub(crate) type Policies = BTreeSet<String>;

/// What comes of a request.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Everything there is to say.
    Whole(Replies),
    /// A command that goes on.
    Stream(Box<Stream>),
    /// The router goes down after this answer, and up again unless it is shut down.
    Down(Replies, Option<Reboot>),
}

/// A print or listen that goes on until cancelled.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) menu: &'static Menu,
    pub(crate) proplist: Option<Vec<String>>,
    pub(crate) queries: Vec<Vec<u8>>,
    pub(crate) secrets: bool,
    pub(crate) mode: Mode,
}

/// How a stream goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Changes, after a first picture or without.
    Follow { snapshot: bool },
    /// The whole print again and again.
    Every(Ms),
}

/// Runs one request.
pub(crate) fn execute(device: &mut Device, request: &Request, policies: &Policies) -> Answer {
    match run(device, request, policies) {
        Ok(answer) => answer,
        Err(trap) => {
            let mut replies = Replies::new();
            replies.trap(request.tag.as_deref(), &trap);
            replies.done(request.tag.as_deref());
            Answer::Whole(replies)
        }
    }
}

fn run(device: &mut Device, request: &Request, policies: &Policies) -> Result<Answer, Trap> {
    let tag = request.tag.as_deref();
    let (menu, verb) = menu::route(&request.command, device.version).map_err(|message| {
        if device.version.is_six() {
            Trap::plain(message)
        } else {
            Trap::missing(message)
        }
    })?;
    check_names(device, menu, &verb, request)?;
    if !policies.contains(needed(menu, &verb)) {
        return Err(Trap::permission());
    }
    let hidden = device.knobs.secrets_need_flag && device.version.at_least((7, 21));
    let secrets = policies.contains("sensitive") && (!hidden || request.flag("show-sensitive"));
    let mut replies = Replies::new();
    match verb.as_str() {
        "print" | "getall" | "listen" => return print(device, menu, &verb, request, secrets),
        "get" => replies.ret(tag, &get(device, menu, request, secrets)?),
        "read" => {
            let data = device.read_file(request)?;
            replies.sentence("!re", tag, [("data", data.as_slice())]);
            replies.done(tag);
        }
        "reboot" | "shutdown" => {
            replies.done(tag);
            let again = (verb == "reboot").then_some(Reboot::Graceful);
            return Ok(Answer::Down(replies, again));
        }
        _ => {
            let edited = change(device, menu, &verb, request)?;
            match edited {
                Edited::Done => replies.done(tag),
                Edited::Ret(id) => replies.ret(tag, id.as_bytes()),
            }
        }
    }
    Ok(Answer::Whole(replies))
}

fn needed(menu: &Menu, verb: &str) -> &'static str {
    match (menu.path, verb) {
        (_, "print" | "getall" | "listen" | "get" | "read") => "read",
        ("/system", _) => "reboot",
        ("/user/active", _) => "policy",
        ("/user" | "/user/group", _) => "policy",
        _ => "write",
    }
}

fn write_log(device: &mut Device, verb: &str, request: &Request) -> Result<Edited, Trap> {
    let message = request
        .text("message")
        .ok_or_else(|| missing(device.version, "message"))?;
    let topics = match verb {
        "warning" => "script,warning",
        "error" => "script,error",
        "debug" => "script,debug",
        _ => "script,info",
    };
    device.note(topics, message);
    Ok(Edited::Done)
}

fn print(
    device: &Device,
    menu: &'static Menu,
    verb: &str,
    request: &Request,
    secrets: bool,
) -> Result<Answer, Trap> {
    let proplist = request
        .text(".proplist")
        .or_else(|| request.text("proplist"))
        .map(|list| {
            list.split(',')
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        });
    if query::passes(&request.queries, &Record::new("*0")).is_none() {
        return Err(Trap::value("invalid query"));
    }
    let follow = verb == "listen" || request.flag("follow-only");
    let mode = match request.text("interval") {
        _ if follow => Some(Mode::Follow { snapshot: false }),
        _ if request.flag("follow") => Some(Mode::Follow { snapshot: true }),
        Some(text) => {
            let span = value::parse_duration(&text).filter(|span| *span >= 200);
            Some(Mode::Every(span.ok_or_else(|| {
                Trap::value("invalid value for argument interval")
            })?))
        }
        None => None,
    };
    if let Some(mode) = mode {
        let queries = request.queries.clone();
        return Ok(Answer::Stream(Box::new(Stream {
            menu,
            proplist,
            queries,
            secrets,
            mode,
        })));
    }
    let chosen = choose(device, menu, &request.queries, secrets);
    let wanted = request.text(".id").or_else(|| request.text("from"));
    let below = request.text("path").map(|path| format!("{path}/"));
    let inside = |record: &Record| {
        below.as_ref().is_none_or(|folder| {
            record
                .value("name")
                .is_some_and(|name| name.starts_with(folder.as_bytes()))
        })
    };
    let chosen: Vec<Record> = chosen.into_iter().filter(inside).collect();
    let chosen: Vec<Record> = match wanted {
        Some(wanted) => {
            let items: Vec<&str> = wanted.split(',').collect();
            let known = |record: &Record| {
                items.contains(&record.id.as_str())
                    || record
                        .value("name")
                        .is_some_and(|name| items.iter().any(|i| i.as_bytes() == name))
            };
            chosen.into_iter().filter(known).collect()
        }
        None => chosen,
    };
    let tag = request.tag.as_deref();
    let mut replies = Replies::new();
    if request.flag("count-only") {
        replies.ret(tag, chosen.len().to_string().as_bytes());
        return Ok(Answer::Whole(replies));
    }
    for record in &chosen {
        replies.sentence("!re", tag, record.chosen(proplist.as_deref()));
    }
    if chosen.is_empty() && device.version.says_empty() {
        replies.empty(tag);
    }
    replies.done(tag);
    Ok(Answer::Whole(replies))
}

/// Returns the rows of a menu that pass the queries.
pub(crate) fn choose(
    device: &Device,
    menu: &'static Menu,
    queries: &[Vec<u8>],
    secrets: bool,
) -> Vec<Record> {
    let mut records = device.records(menu, secrets);
    if !queries.is_empty() {
        records.retain(|record| query::passes(queries, record).unwrap_or(false));
    }
    records
}

fn get(
    device: &Device,
    menu: &'static Menu,
    request: &Request,
    secrets: bool,
) -> Result<Vec<u8>, Trap> {
    let records = device.records(menu, secrets);
    let record = if menu.shape == Shape::Single {
        records.first()
    } else {
        let wanted = request.text("number").or_else(|| request.text(".id"));
        let wanted = wanted.ok_or_else(|| missing(device.version, "number"))?;
        records.iter().find(|record| {
            record.id == wanted
                || record
                    .value("name")
                    .is_some_and(|name| name == wanted.as_bytes())
        })
    };
    let record = record.ok_or_else(|| super::device::edit::no_such_item(device.version))?;
    match request.text("value-name") {
        Some(name) if record.value(&name).is_none() => {
            let known = menu
                .prop(&name, device.version)
                .is_some_and(|prop| secrets || !Kind::secret(prop.name));
            if known {
                Ok(Vec::new())
            } else {
                Err(Trap::value("input does not match any value of value-name"))
            }
        }
        Some(name) => Ok(record.value(&name).unwrap_or_default().to_vec()),
        None => {
            let parts: Vec<Vec<u8>> = record
                .chosen(None)
                .into_iter()
                .map(|(name, value)| [name.as_bytes(), b"=", value].concat())
                .collect();
            Ok(parts.join(&b';'))
        }
    }
}

/// Says what changed between two pictures of a menu; returns whether anything did.
pub(crate) fn differences(
    before: &[Record],
    after: &[Record],
    proplist: Option<&[String]>,
    tag: Option<&[u8]>,
    replies: &mut Replies,
) -> bool {
    let start = replies.len();
    let old: std::collections::BTreeMap<&str, Record> = before
        .iter()
        .map(|record| (record.id.as_str(), record.steady()))
        .collect();
    let new: BTreeSet<&str> = after.iter().map(|record| record.id.as_str()).collect();
    for record in before {
        if !new.contains(record.id.as_str()) {
            replies.sentence(
                "!re",
                tag,
                [(".id", record.id.as_bytes()), (".dead", b"true".as_slice())],
            );
        }
    }
    for record in after {
        if old.get(record.id.as_str()) != Some(&record.steady()) {
            replies.sentence("!re", tag, record.chosen(proplist));
        }
    }
    replies.len() > start
}

/// Runs a changing command with every right and outside any connection.
pub(crate) fn by_hand(device: &mut Device, request: &Request) -> Result<Option<String>, Trap> {
    let (menu, verb) = menu::route(&request.command, device.version).map_err(Trap::missing)?;
    check_names(device, menu, &verb, request)?;
    Ok(match change(device, menu, &verb, request)? {
        Edited::Done => None,
        Edited::Ret(id) => Some(id),
    })
}

fn check_names(device: &Device, menu: &Menu, verb: &str, request: &Request) -> Result<(), Trap> {
    let unknown = request
        .attributes
        .iter()
        .find(|(name, _)| !menu::allowed(menu, verb, name, device.version));
    match unknown {
        Some((name, _)) => Err(Trap::plain(format!("unknown parameter {name}"))),
        None => Ok(()),
    }
}

fn change(
    device: &mut Device,
    menu: &'static Menu,
    verb: &str,
    request: &Request,
) -> Result<Edited, Trap> {
    let edited = match (menu.shape, menu.path) {
        (_, "/log") => write_log(device, verb, request)?,
        (Shape::Live, path) => device.act(path, verb, request)?,
        _ => device.edit(menu, verb, request)?,
    };
    match menu.path {
        "/ip/hotspot/ip-binding" => device.rebind(),
        "/ip/hotspot" => device.follow_servers(),
        _ => {}
    }
    Ok(edited)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::device::Knobs;
    use super::super::version::Version;
    use super::*;

    const VERBS: [&str; 14] = [
        "add",
        "set",
        "remove",
        "enable",
        "disable",
        "print",
        "get",
        "reset",
        "unset",
        "move",
        "login",
        "comment",
        "make-binding",
        "reset-counters",
    ];
    const VALUES: [&str; 22] = [
        "",
        "*0",
        "*1",
        "*1,*2",
        "default",
        "yes",
        "no",
        "none",
        "all",
        "18446744073709551615",
        "-1",
        "1d",
        "18446744073709551615:00",
        "99999999999w",
        "127.88.0.2",
        "10.0.0.0/33",
        "02:00:00:00:00:01",
        "1M/2M",
        "x\u{0}y",
        "a=b",
        "http-pap,mac-cookie",
        "T1",
    ];

    /// A menu, a verb, attributes with their values, and where the request is cut.
    type Drawn = (usize, usize, Vec<(usize, usize)>, u64);

    fn requests() -> impl Strategy<Value = Vec<Drawn>> {
        let attributes = prop::collection::vec((0_usize..40, 0_usize..VALUES.len()), 0..5);
        prop::collection::vec(
            (
                0_usize..64,
                0_usize..VERBS.len(),
                attributes,
                0_u64..10_000_000,
            ),
            1..40,
        )
    }

    proptest! {
        #[test]
        fn no_order_of_commands_upsets_the_device(requests in requests()) {
            let mut device = Device::new(Version::DEFAULT, Knobs::default(), 1_800_000_000);
            device.join("02:00:00:00:00:01", std::net::Ipv4Addr::new(127, 88, 0, 2));
            let all: Policies =
                ["read", "write", "policy", "sensitive", "reboot", "api"].map(str::to_owned).into();
            let menus: Vec<&'static Menu> = menu::all().collect();
            for (menu, verb, attributes, later) in requests {
                let menu = menus[menu % menus.len()];
                let extra = ["numbers", ".id", "user", "ip", "password", "value-name", "type", "destination"];
                let names: Vec<&str> =
                    menu.props.iter().map(|prop| prop.name).chain(extra).collect();
                let request = Request {
                    command: format!("{}/{}", menu.path, VERBS[verb]),
                    attributes: attributes
                        .iter()
                        .map(|(name, value)| {
                            (names[name % names.len()].to_owned(), VALUES[*value].as_bytes().to_vec())
                        })
                        .collect(),
                    ..Request::default()
                };
                let Answer::Whole(replies) = execute(&mut device, &request, &all) else {
                    continue;
                };
                prop_assert!(replies.into_bytes().ends_with(b"\0"));
                let next = device.now + later;
                device.settle(next);
                for menu in &menus {
                    device.records(menu, true);
                }
            }
        }
    }
}
