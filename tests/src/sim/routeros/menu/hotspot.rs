//! The hotspot menus: verbs, properties and defaults. Behaviour is in `hotspot/`.
use super::{Kind, Menu, Prop, Shape};

const SERVER: Kind = Kind::Ref("/ip/hotspot", "all");
const PROFILE: Kind = Kind::Ref("/ip/hotspot/user/profile", "");
const POOL: Kind = Kind::Ref("/ip/pool", "none");
const LOGIN_BY: Kind = Kind::SetOf(&[
    "mac",
    "cookie",
    "http-chap",
    "https",
    "http-pap",
    "trial",
    "mac-cookie",
]);
const MAC_FORMAT: Kind = Kind::OneOf(&[
    "XX:XX:XX:XX:XX:XX",
    "XXXX:XXXX:XXXX",
    "XXXXXX:XXXXXX",
    "XX-XX-XX-XX-XX-XX",
    "XXXXXX-XXXXXX",
    "XXXXXXXXXXXX",
    "XX XX XX XX XX XX",
]);

const SERVERS: Menu = Menu {
    path: "/ip/hotspot",
    shape: Shape::List,
    verbs: &[
        "add",
        "set",
        "remove",
        "enable",
        "disable",
        "print",
        "get",
        "reset",
        "reset-html",
        "setup",
    ],
    props: &[
        Prop::shown("name", Kind::Text, ""),
        Prop::shown("interface", Kind::Ref("/interface", ""), ""),
        Prop::quiet("address-pool", POOL, "none"),
        Prop::shown("profile", Kind::Ref("/ip/hotspot/profile", ""), "default"),
        Prop::shown("idle-timeout", Kind::TimeOrNone, "5m"),
        Prop::shown("keepalive-timeout", Kind::TimeOrNone, "none"),
        Prop::quiet("login-timeout", Kind::TimeOrNone, "none"),
        Prop::shown("addresses-per-mac", Kind::Unlimited, "2"),
        Prop::shown("disabled", Kind::Bool, "true"),
    ],
    required: &["interface"],
    print: &[],
};

const ACTIVE: Menu = Menu {
    path: "/ip/hotspot/active",
    shape: Shape::Live,
    verbs: &["print", "get", "login", "remove", "set", "comment", "reset"],
    props: &[],
    required: &[],
    print: &["oid", "stats", "status"],
};

const HOSTS: Menu = Menu {
    path: "/ip/hotspot/host",
    shape: Shape::Live,
    verbs: &["print", "get", "remove", "reset", "make-binding"],
    props: &[],
    required: &[],
    print: &["bytes", "packets", "status"],
};

const COOKIES: Menu = Menu {
    path: "/ip/hotspot/cookie",
    shape: Shape::Live,
    verbs: &["print", "get", "remove"],
    props: &[],
    required: &[],
    print: &[],
};

const USERS: Menu = Menu {
    path: "/ip/hotspot/user",
    shape: Shape::List,
    verbs: &[
        "add",
        "set",
        "remove",
        "enable",
        "disable",
        "comment",
        "print",
        "get",
        "reset",
        "reset-counters",
    ],
    props: &[
        Prop::quiet("server", SERVER, "all"),
        Prop::shown("name", Kind::Text, ""),
        Prop::quiet("password", Kind::Text, ""),
        Prop::quiet("address", Kind::Ip, "0.0.0.0"),
        Prop::quiet("mac-address", Kind::Mac, "00:00:00:00:00:00"),
        Prop::shown("profile", PROFILE, "default"),
        Prop::quiet("routes", Kind::Text, ""),
        Prop::quiet("email", Kind::Text, ""),
        Prop::quiet("limit-uptime", Kind::Time, "0s"),
        Prop::quiet("limit-bytes-in", Kind::Size, "0"),
        Prop::quiet("limit-bytes-out", Kind::Size, "0"),
        Prop::quiet("limit-bytes-total", Kind::Size, "0"),
        Prop::quiet("otp-secret", Kind::Text, "").since((7, 21)),
        Prop::shown("disabled", Kind::Bool, "false"),
        Prop::quiet("comment", Kind::Text, ""),
    ],
    required: &["name"],
    print: &["bytes", "packets"],
};

const USER_PROFILES: Menu = Menu {
    path: "/ip/hotspot/user/profile",
    shape: Shape::List,
    verbs: &["add", "set", "remove", "print", "get", "reset", "unset"],
    props: &[
        Prop::shown("name", Kind::Text, ""),
        Prop::quiet("address-pool", POOL, "none"),
        Prop::quiet("session-timeout", Kind::Time, "0s"),
        Prop::shown("idle-timeout", Kind::TimeOrNone, "none"),
        Prop::shown("keepalive-timeout", Kind::TimeOrNone, "2m"),
        Prop::shown("status-autorefresh", Kind::TimeOrNone, "1m"),
        Prop::shown("shared-users", Kind::Unlimited, "1"),
        Prop::shown("add-mac-cookie", Kind::Bool, "true"),
        Prop::shown("mac-cookie-timeout", Kind::Time, "3d"),
        Prop::quiet("rate-limit", Kind::Rate, ""),
        Prop::quiet("insert-queue-before", Kind::Text, ""),
        Prop::quiet("parent-queue", Kind::Text, "none"),
        Prop::quiet("queue-type", Kind::Text, ""),
        Prop::shown("address-list", Kind::Text, ""),
        Prop::quiet("incoming-filter", Kind::Text, ""),
        Prop::quiet("outgoing-filter", Kind::Text, ""),
        Prop::quiet("incoming-packet-mark", Kind::Text, ""),
        Prop::quiet("outgoing-packet-mark", Kind::Text, ""),
        Prop::quiet("on-login", Kind::Text, ""),
        Prop::quiet("on-logout", Kind::Text, ""),
        Prop::shown("transparent-proxy", Kind::Bool, "false"),
        Prop::quiet(
            "open-status-page",
            Kind::OneOf(&["always", "http-login"]),
            "always",
        ),
        Prop::quiet("advertise", Kind::Bool, "false"),
        Prop::quiet("advertise-interval", Kind::Text, "30m,10m"),
        Prop::quiet("advertise-timeout", Kind::Text, "1m"),
        Prop::quiet("advertise-url", Kind::Text, ""),
    ],
    required: &["name"],
    print: &[],
};

const PROFILES: Menu = Menu {
    path: "/ip/hotspot/profile",
    shape: Shape::List,
    verbs: &["add", "set", "remove", "print", "get", "reset"],
    props: &[
        Prop::shown("name", Kind::Text, ""),
        Prop::shown("hotspot-address", Kind::Ip, "0.0.0.0"),
        Prop::shown("dns-name", Kind::Text, ""),
        Prop::shown("html-directory", Kind::Text, "hotspot"),
        Prop::shown("html-directory-override", Kind::Text, ""),
        Prop::quiet("rate-limit", Kind::Rate, ""),
        Prop::shown("http-proxy", Kind::Text, "0.0.0.0:0"),
        Prop::shown("smtp-server", Kind::Ip, "0.0.0.0"),
        Prop::shown("login-by", LOGIN_BY, "cookie,http-chap"),
        Prop::shown("http-cookie-lifetime", Kind::Time, "3d"),
        Prop::quiet("ssl-certificate", Kind::Ref("/certificate", "none"), "none"),
        Prop::shown("split-user-domain", Kind::Bool, "false"),
        Prop::shown("use-radius", Kind::Bool, "false"),
        Prop::shown("install-hotspot-queue", Kind::Bool, "false"),
        Prop::quiet(
            "mac-auth-mode",
            Kind::OneOf(&["mac-as-username", "mac-as-username-and-password"]),
            "mac-as-username",
        ),
        Prop::quiet("mac-auth-password", Kind::Text, ""),
        Prop::quiet("trial-uptime-limit", Kind::Time, "30m"),
        Prop::quiet("trial-uptime-reset", Kind::Time, "1d"),
        Prop::quiet("trial-user-profile", PROFILE, "default"),
        Prop::quiet("radius-accounting", Kind::Bool, "true"),
        Prop::quiet("radius-interim-update", Kind::Text, "received"),
        Prop::quiet("radius-default-domain", Kind::Text, ""),
        Prop::quiet("radius-location-id", Kind::Text, ""),
        Prop::quiet("radius-location-name", Kind::Text, ""),
        Prop::quiet("radius-mac-format", MAC_FORMAT, "XX:XX:XX:XX:XX:XX"),
        Prop::quiet(
            "nas-port-type",
            Kind::OneOf(&["wireless-802.11", "ethernet", "cable"]),
            "wireless-802.11",
        ),
    ],
    required: &["name"],
    print: &[],
};

const BINDINGS: Menu = Menu {
    path: "/ip/hotspot/ip-binding",
    shape: Shape::Ordered,
    verbs: &[
        "add", "set", "remove", "enable", "disable", "comment", "move", "print", "get", "reset",
    ],
    props: &[
        Prop::quiet("mac-address", Kind::Mac, "00:00:00:00:00:00"),
        Prop::quiet("address", Kind::Range, ""),
        Prop::quiet("to-address", Kind::Range, ""),
        Prop::quiet("server", SERVER, "all"),
        Prop::quiet(
            "type",
            Kind::OneOf(&["regular", "bypassed", "blocked"]),
            "regular",
        ),
        Prop::shown("disabled", Kind::Bool, "false"),
        Prop::quiet("comment", Kind::Text, ""),
    ],
    required: &[],
    print: &[],
};

const GARDEN: Menu = Menu {
    path: "/ip/hotspot/walled-garden",
    shape: Shape::Ordered,
    verbs: &[
        "add",
        "set",
        "remove",
        "enable",
        "disable",
        "comment",
        "move",
        "print",
        "get",
        "reset",
        "unset",
        "reset-counters",
        "reset-counters-all",
    ],
    props: &[
        Prop::shown("action", Kind::OneOf(&["allow", "deny"]), "allow"),
        Prop::quiet("server", SERVER, "all"),
        Prop::quiet("src-address", Kind::Range, ""),
        Prop::quiet("method", Kind::Text, ""),
        Prop::quiet("dst-host", Kind::Text, ""),
        Prop::quiet("dst-port", Kind::Text, ""),
        Prop::quiet("path", Kind::Text, ""),
        Prop::shown("disabled", Kind::Bool, "false"),
        Prop::quiet("comment", Kind::Text, ""),
    ],
    required: &[],
    print: &[],
};

const GARDEN_IP: Menu = Menu {
    path: "/ip/hotspot/walled-garden/ip",
    shape: Shape::Ordered,
    verbs: &[
        "add", "set", "remove", "enable", "disable", "comment", "move", "print", "get", "reset",
        "unset",
    ],
    props: &[
        Prop::shown(
            "action",
            Kind::OneOf(&["accept", "drop", "reject"]),
            "accept",
        ),
        Prop::quiet("server", SERVER, "all"),
        Prop::quiet("src-address", Kind::Range, ""),
        Prop::quiet("src-address-list", Kind::Text, ""),
        Prop::quiet("dst-address", Kind::Range, ""),
        Prop::quiet("dst-address-list", Kind::Text, ""),
        Prop::quiet("dst-host", Kind::Text, ""),
        Prop::quiet("protocol", Kind::Text, ""),
        Prop::quiet("dst-port", Kind::Text, ""),
        Prop::shown("disabled", Kind::Bool, "false"),
        Prop::quiet("comment", Kind::Text, ""),
    ],
    required: &[],
    print: &[],
};

const SERVICE_PORTS: Menu = Menu {
    path: "/ip/hotspot/service-port",
    shape: Shape::List,
    verbs: &["set", "enable", "disable", "print", "get", "reset"],
    props: &[
        Prop::shown("name", Kind::ReadOnly, ""),
        Prop::shown("ports", Kind::Text, ""),
        Prop::shown("disabled", Kind::Bool, "false"),
    ],
    required: &[],
    print: &[],
};

/// Every menu under `/ip/hotspot`.
pub(super) const MENUS: &[Menu] = &[
    SERVERS,
    ACTIVE,
    HOSTS,
    COOKIES,
    USERS,
    USER_PROFILES,
    PROFILES,
    BINDINGS,
    GARDEN,
    GARDEN_IP,
    SERVICE_PORTS,
];
