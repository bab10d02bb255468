//! Which parameters a verb takes in which version. An unknown one is refused by name, as real routers do.
use super::super::version::Version;
use super::{Kind, Menu, Shape};

/// A range of versions: from, and up to but not including.
type Span = ((u8, u8), (u8, u8));

const EVER: Span = ((0, 0), (255, 0));
const LATER: Span = ((7, 21), (255, 0));

const PRINT_LIST: &[(&str, Span)] = &[
    ("append", EVER),
    ("as-value", EVER),
    ("brief", EVER),
    ("comments", LATER),
    ("count-only", EVER),
    ("detail", EVER),
    ("file", EVER),
    ("follow", EVER),
    ("follow-only", EVER),
    ("follow-strict", ((0, 0), (7, 15))),
    ("group-by", ((7, 15), (255, 0))),
    ("interval", EVER),
    ("on-event", LATER),
    ("order-by", ((7, 24), (255, 0))),
    ("proplist", EVER),
    ("show-ids", EVER),
    ("terse", EVER),
    ("timestamp", LATER),
    ("value-list", EVER),
    ("where", EVER),
    ("without-paging", EVER),
];

const PRINT_SINGLE: &[(&str, Span)] = &[
    ("as-value", EVER),
    ("comments", LATER),
    ("file", EVER),
    ("interval", EVER),
    ("without-paging", EVER),
];

/// Returns whether a verb names the items it works on.
pub(crate) fn takes_items(menu: &Menu, verb: &str) -> bool {
    menu.shape != Shape::Single
        && matches!(
            verb,
            "set"
                | "reset"
                | "remove"
                | "enable"
                | "disable"
                | "comment"
                | "move"
                | "unset"
                | "reset-counters"
                | "reset-html"
                | "make-binding"
                | "expire-password"
                | "uninstall"
                | "unschedule"
                | "request-logout"
        )
}

/// Returns whether a verb takes a parameter in this version.
pub(crate) fn allowed(menu: &Menu, verb: &str, name: &str, version: Version) -> bool {
    if matches!(name, ".proplist" | ".query" | ".section") {
        return true;
    }
    if takes_items(menu, verb) && matches!(name, "numbers" | ".id") {
        return true;
    }
    let settable = || {
        menu.prop(name, version)
            .is_some_and(|prop| !matches!(prop.kind, Kind::ReadOnly))
            && (menu.path != "/file" || name != "type" || version.at_least((7, 18)))
    };
    match verb {
        "print" | "getall" | "listen" => {
            let known = if menu.shape == Shape::Single {
                PRINT_SINGLE
            } else {
                PRINT_LIST
            };
            (name == ".id" && menu.shape != Shape::Single)
                || menu.print.contains(&name)
                || (name == "from" && !matches!(menu.shape, Shape::Single) && menu.path != "/log")
                || (name == "with-extra-info" && menu.path == "/log" && version.at_least((7, 20)))
                || (name == "show-sensitive" && sensitive(menu, version))
                || (menu.path == "/file" && of_files(name, version))
                || (menu.path == "/system/device-mode"
                    && name == "config"
                    && version.at_least((7, 17)))
                || known.iter().any(|(have, (from, until))| {
                    *have == name && version.at_least(*from) && !version.at_least(*until)
                })
        }
        "add" => {
            (name == "copy-from" && (menu.path != "/file" || !version.at_least((7, 18))))
                || (name == "place-before" && menu.shape == Shape::Ordered)
                || settable()
        }
        "set" | "reset" if menu.shape == Shape::Live => name == "comment",
        "set" | "reset" => settable(),
        "comment" => name == "comment",
        "unset" => name == "value-name",
        "move" => name == "destination",
        "get" => matches!(
            name,
            "number" | ".id" | "value-name" | "as-string" | "as-string-value"
        ),
        "read" => matches!(name, "file" | "offset" | "chunk-size" | "as-value"),
        "sign" => {
            matches!(
                name,
                "number"
                    | ".id"
                    | "ca"
                    | "ca-crl-host"
                    | "ca-on-smart-card"
                    | "name"
                    | "append"
                    | "as-value"
                    | "do"
                    | "duration"
                    | "file"
                    | "interval"
                    | "once"
                    | "without-paging"
            ) || (name == "freeze-frame-interval" && version.at_least((7, 21)))
        }
        "login" => matches!(name, "user" | "password" | "ip" | "mac-address" | "domain"),
        "make-binding" => matches!(name, "type" | "comment"),
        "info" | "warning" | "error" | "debug" => name == "message",
        _ => false,
    }
}

/// Returns whether printing files takes a parameter.
fn of_files(name: &str, version: Version) -> bool {
    match name {
        "path" | "recursive" | "relative" => version.at_least((7, 18)),
        "list" => version.at_least((7, 18)) && !version.at_least((7, 21)),
        "show-hidden" => version.at_least((7, 20)),
        _ => false,
    }
}

fn sensitive(menu: &Menu, version: Version) -> bool {
    match menu.path {
        "/ip/hotspot/user" | "/user" | "/certificate" => version.at_least((7, 21)),
        "/ip/hotspot/profile" => version.at_least((7, 24)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::at;
    use super::*;

    #[test]
    fn parameters_follow_the_version() {
        let users = at("/ip/hotspot/user").unwrap();
        let old: Version = "7.20.8".parse().unwrap();
        let new: Version = "7.22.3".parse().unwrap();
        assert!(!allowed(users, "add", "otp-secret", old));
        assert!(allowed(users, "add", "otp-secret", new));
        assert!(
            !allowed(users, "add", "uptime", new),
            "counters cannot be written"
        );
        assert!(allowed(users, "set", ".id", new));
        assert!(allowed(users, "print", "bytes", new));
        assert!(!allowed(users, "print", "status", new));
        assert!(allowed(
            users,
            "print",
            "follow-strict",
            "7.14.3".parse().unwrap()
        ));
        assert!(!allowed(
            users,
            "print",
            "follow-strict",
            "7.18.2".parse().unwrap()
        ));
        assert!(allowed(users, "print", "order-by", "7.24".parse().unwrap()));
        assert!(!allowed(users, "print", "order-by", new));
        let profiles = at("/ip/hotspot/profile").unwrap();
        assert!(!allowed(profiles, "add", "comment", new));
    }
}
