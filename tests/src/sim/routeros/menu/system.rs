//! The menus around the hotspot that a controller reads: system, users of the API, services, interfaces. Only what is simulated.
use super::{Kind, Menu, Prop, Shape};

const READ: &[&str] = &["print", "get"];

const fn single(
    path: &'static str,
    verbs: &'static [&'static str],
    props: &'static [Prop],
) -> Menu {
    Menu {
        path,
        shape: Shape::Single,
        verbs,
        props,
        required: &[],
        print: &[],
    }
}

const fn live(
    path: &'static str,
    verbs: &'static [&'static str],
    print: &'static [&'static str],
) -> Menu {
    Menu {
        path,
        shape: Shape::Live,
        verbs,
        props: &[],
        required: &[],
        print,
    }
}

const fn list(
    path: &'static str,
    verbs: &'static [&'static str],
    props: &'static [Prop],
    required: &'static [&'static str],
    print: &'static [&'static str],
) -> Menu {
    Menu {
        path,
        shape: Shape::List,
        verbs,
        props,
        required,
        print,
    }
}

/// Every menu outside the hotspot.
pub(super) const MENUS: &[Menu] = &[
    single(
        "/system/identity",
        &["print", "get", "set", "reset"],
        &[Prop::shown("name", Kind::Text, "MikroTik")],
    ),
    single("/system/resource", READ, &[]),
    single(
        "/system/clock",
        &["print", "get", "set", "reset"],
        &[
            Prop::shown("time", Kind::Text, ""),
            Prop::shown("date", Kind::Text, ""),
            Prop::shown("time-zone-autodetect", Kind::Bool, "true"),
            Prop::shown("time-zone-name", Kind::Text, "Africa/Nairobi"),
        ],
    ),
    single("/system/license", READ, &[]),
    Menu {
        path: "/system",
        shape: Shape::Single,
        verbs: &["reboot", "shutdown"],
        props: &[],
        required: &[],
        print: &[],
    },
    live(
        "/log",
        &["print", "get", "info", "warning", "error", "debug"],
        &[],
    ),
    list(
        "/interface",
        &["print", "get", "set", "enable", "disable", "comment"],
        &[
            Prop::shown("name", Kind::Text, ""),
            Prop::shown("default-name", Kind::ReadOnly, ""),
            Prop::shown("type", Kind::ReadOnly, "ether"),
            Prop::shown("mtu", Kind::Number(68, 65_535), "1500"),
            Prop::shown("actual-mtu", Kind::ReadOnly, "1500"),
            Prop::shown("mac-address", Kind::ReadOnly, ""),
            Prop::shown("running", Kind::ReadOnly, "true"),
            Prop::shown("disabled", Kind::Bool, "false"),
            Prop::quiet("comment", Kind::Text, ""),
        ],
        &[],
        &["oid", "stats", "stats-detail"],
    ),
    list(
        "/ip/address",
        &[
            "add", "set", "remove", "enable", "disable", "comment", "print", "get", "reset",
        ],
        &[
            Prop::shown("address", Kind::Range, ""),
            Prop::shown("network", Kind::Ip, ""),
            Prop::shown("interface", Kind::Ref("/interface", ""), ""),
            Prop::quiet("actual-interface", Kind::ReadOnly, ""),
            Prop::shown("invalid", Kind::ReadOnly, "false"),
            Prop::shown("dynamic", Kind::ReadOnly, "false"),
            Prop::shown("disabled", Kind::Bool, "false"),
            Prop::quiet("comment", Kind::Text, ""),
        ],
        &["address", "interface"],
        &[],
    ),
    live(
        "/queue/simple",
        READ,
        &["bytes", "oid", "packets", "rate", "stats"],
    ),
    list(
        "/certificate",
        &["print", "get", "remove"],
        &[
            Prop::shown("name", Kind::Text, ""),
            Prop::shown("digest-algorithm", Kind::ReadOnly, "sha256"),
            Prop::shown("key-type", Kind::ReadOnly, "ec"),
            Prop::shown("common-name", Kind::ReadOnly, ""),
            Prop::shown("key-size", Kind::ReadOnly, "prime256v1"),
            Prop::shown("subject-alt-name", Kind::ReadOnly, ""),
            Prop::shown("days-valid", Kind::ReadOnly, "3650"),
            Prop::shown("trusted", Kind::Bool, "true"),
            Prop::shown("key-usage", Kind::ReadOnly, "tls-server"),
            Prop::shown("fingerprint", Kind::ReadOnly, ""),
            Prop::shown("private-key", Kind::ReadOnly, "true"),
            Prop::shown("expired", Kind::ReadOnly, "false"),
        ],
        &[],
        &["active", "inactive"],
    ),
    list(
        "/ip/service",
        &["set", "enable", "disable", "print", "get", "reset"],
        &[
            Prop::shown("name", Kind::ReadOnly, ""),
            Prop::shown("port", Kind::Number(1, 65_535), "0"),
            Prop::shown("address", Kind::Ranges, ""),
            Prop::quiet("certificate", Kind::Ref("/certificate", "none"), "none"),
            Prop::quiet("tls-version", Kind::OneOf(&["any", "only-1.2"]), "any"),
            Prop::shown("vrf", Kind::Text, "main"),
            Prop::shown("max-sessions", Kind::Number(1, 1000), "20").since((7, 16)),
            Prop::quiet("available-from", Kind::Text, "").since((7, 24)),
            Prop::shown("disabled", Kind::Bool, "false"),
        ],
        &[],
        &[],
    ),
    list(
        "/user",
        &[
            "add",
            "set",
            "remove",
            "enable",
            "disable",
            "comment",
            "expire-password",
            "print",
            "get",
            "reset",
        ],
        &[
            Prop::shown("name", Kind::Text, ""),
            Prop::quiet("password", Kind::Text, ""),
            Prop::shown("group", Kind::Ref("/user/group", ""), ""),
            Prop::shown("address", Kind::Ranges, ""),
            Prop::quiet("inactivity-timeout", Kind::Time, "10m").since((7, 16)),
            Prop::quiet(
                "inactivity-policy",
                Kind::OneOf(&["none", "lockscreen", "logout"]),
                "none",
            )
            .since((7, 16)),
            Prop::shown("expired", Kind::ReadOnly, "false"),
            Prop::shown("disabled", Kind::Bool, "false"),
            Prop::quiet("comment", Kind::Text, ""),
        ],
        &["name", "group"],
        &[],
    ),
    list(
        "/user/group",
        &["add", "set", "remove", "comment", "print", "get", "reset"],
        &[
            Prop::shown("name", Kind::Text, ""),
            Prop::shown(
                "policy",
                Kind::SetOf(&[
                    "local",
                    "telnet",
                    "ssh",
                    "ftp",
                    "reboot",
                    "read",
                    "write",
                    "policy",
                    "test",
                    "winbox",
                    "password",
                    "web",
                    "sniff",
                    "sensitive",
                    "api",
                    "romon",
                    "rest-api",
                    "dude",
                    "tikapp",
                ]),
                "",
            ),
            Prop::shown("skin", Kind::Text, "default"),
            Prop::quiet("comment", Kind::Text, ""),
        ],
        &["name"],
        &[],
    ),
    live("/user/active", READ, &[]),
];
