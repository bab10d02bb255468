//! Which menus exist, with which verbs, properties and versions. Tables only; what a verb does is in `exec.rs` and `device/`.
mod board;
mod hotspot;
mod kind;
mod params;
mod system;

pub(crate) use kind::{BadValue, Kind};
pub(crate) use params::{allowed, takes_items};

use super::version::Version;

/// How many items a menu holds and who makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Items that people write.
    List,
    /// Items whose order matters and can be changed.
    Ordered,
    /// One item without an id.
    Single,
    /// Items that the router makes itself.
    Live,
}

/// A property of a menu.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prop {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: &'static str,
    /// Whether the property is left out of rows while it has its default.
    pub(crate) quiet: bool,
    pub(crate) since: (u8, u8),
}

impl Prop {
    /// A property always shown.
    const fn shown(name: &'static str, kind: Kind, default: &'static str) -> Self {
        Self {
            name,
            kind,
            default,
            quiet: false,
            since: (0, 0),
        }
    }

    /// A property absent from rows until it is set.
    const fn quiet(name: &'static str, kind: Kind, default: &'static str) -> Self {
        Self {
            name,
            kind,
            default,
            quiet: true,
            since: (0, 0),
        }
    }

    const fn since(mut self, version: (u8, u8)) -> Self {
        self.since = version;
        self
    }
}

/// A menu of the tree.
#[derive(Debug)]
pub(crate) struct Menu {
    pub(crate) path: &'static str,
    pub(crate) shape: Shape,
    pub(crate) verbs: &'static [&'static str],
    pub(crate) props: &'static [Prop],
    pub(crate) required: &'static [&'static str],
    /// Extra flags of `print` beyond the common ones.
    pub(crate) print: &'static [&'static str],
}

impl Menu {
    pub(crate) fn prop(&self, name: &str, version: Version) -> Option<&'static Prop> {
        self.props
            .iter()
            .find(|prop| prop.name == name && version.at_least(prop.since))
    }

    pub(crate) fn has_verb(&self, verb: &str, version: Version) -> bool {
        match verb {
            "listen" | "getall" => self.verbs.contains(&"print"),
            // Up to 7.20 a session could carry a comment.
            "set" | "comment" | "reset" if self.path == "/ip/hotspot/active" => {
                !version.at_least((7, 21))
            }
            "unset" if self.path == "/ip/service" => !version.at_least((7, 16)),
            "request-logout" if self.path == "/user/active" => !version.at_least((7, 20)),
            "remove" if self.path == "/user/active" => version.at_least((7, 20)),
            "reset" if self.shape == Shape::Single => {
                version.at_least((7, 21)) && self.verbs.contains(&"reset")
            }
            _ => self.verbs.contains(&verb),
        }
    }
}

/// Returns every menu of the simulator.
pub(crate) fn all() -> impl Iterator<Item = &'static Menu> {
    hotspot::MENUS
        .iter()
        .chain(system::MENUS)
        .chain(board::MENUS)
}

/// Returns the menu at a path.
pub(crate) fn at(path: &str) -> Option<&'static Menu> {
    all().find(|menu| menu.path == path)
}

/// Splits a command into its menu and verb, or says in the router's words why it cannot.
pub(crate) fn route(
    command: &str,
    version: Version,
) -> Result<(&'static Menu, String), &'static str> {
    let path = command.trim_start_matches('/').replace(' ', "/");
    let (prefix, verb) = path.rsplit_once('/').unwrap_or(("", &path));
    let prefix = format!("/{prefix}");
    match at(&prefix) {
        Some(menu) if menu.has_verb(verb, version) => Ok((menu, verb.to_owned())),
        Some(_) => Err("no such command"),
        None if all().any(|menu| {
            menu.path
                .starts_with(&format!("{}/", prefix.trim_end_matches('/')))
        }) =>
        {
            Err("no such command")
        }
        None => Err("no such command prefix"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_say_what_is_missing() {
        let version = Version::DEFAULT;
        assert_eq!(route("/ip/hotspot/user/add", version).unwrap().1, "add");
        assert_eq!(
            route("/ip/hotspot/user/find", version).unwrap_err(),
            "no such command"
        );
        assert_eq!(
            route("/ip/hotspot/active/add", version).unwrap_err(),
            "no such command"
        );
        assert_eq!(
            route("/ip/nonsense/print", version).unwrap_err(),
            "no such command prefix"
        );
        assert_eq!(
            route("/container/print", version).unwrap_err(),
            "no such command prefix"
        );
        assert_eq!(route("/ip/dance", version).unwrap_err(), "no such command");
    }
}
