//! The menus of the box itself: files, packages, certificates, pools, device mode, name servers. Only what is simulated.
use super::system::{list, single};
use super::{Kind, Menu, Prop};

const READ: &[&str] = &["print", "get"];

const USAGES: Kind = Kind::SetOf(&[
    "digital-signature",
    "content-commitment",
    "key-encipherment",
    "data-encipherment",
    "key-agreement",
    "key-cert-sign",
    "crl-sign",
    "encipher-only",
    "decipher-only",
    "tls-server",
    "tls-client",
    "code-sign",
    "email-protect",
    "timestamp",
    "ocsp-sign",
    "dvcs",
]);
const DIGESTS: Kind = Kind::OneOf(&["md5", "sha1", "sha256", "sha384", "sha512"]);
const KEY_SIZES: Kind = Kind::OneOf(&[
    "1024",
    "1536",
    "2048",
    "4096",
    "8192",
    "prime256v1",
    "secp384r1",
    "secp521r1",
]);

/// A feature that device mode allows or not.
const fn allowed(name: &'static str) -> Prop {
    Prop::shown(name, Kind::ReadOnly, "true")
}

/// A feature that needs a button pressed on the device first.
const fn forbidden(name: &'static str) -> Prop {
    Prop::shown(name, Kind::ReadOnly, "false")
}

/// Every menu of the box.
pub(super) const MENUS: &[Menu] = &[
    list(
        "/file",
        &["add", "set", "remove", "print", "get", "reset", "read"],
        &[
            Prop::shown("name", Kind::Text, ""),
            Prop::shown("type", Kind::Text, ""),
            Prop::quiet("size", Kind::ReadOnly, ""),
            Prop::shown("last-modified", Kind::ReadOnly, ""),
            Prop::quiet("contents", Kind::Text, ""),
        ],
        &["name"],
        &[],
    ),
    list(
        "/system/package",
        &[
            "print",
            "get",
            "enable",
            "disable",
            "uninstall",
            "unschedule",
        ],
        &[
            Prop::shown("name", Kind::ReadOnly, ""),
            Prop::shown("version", Kind::ReadOnly, ""),
            Prop::shown("build-time", Kind::ReadOnly, ""),
            Prop::shown("scheduled", Kind::ReadOnly, ""),
            Prop::shown("size", Kind::ReadOnly, ""),
            Prop::shown("available", Kind::ReadOnly, "false").since((7, 18)),
            Prop::shown("disabled", Kind::ReadOnly, "false"),
        ],
        &[],
        &[],
    ),
    single(
        "/system/package/update",
        &["print", "get", "set", "reset"],
        &[
            Prop::shown(
                "channel",
                Kind::OneOf(&["stable", "long-term", "testing", "development"]),
                "stable",
            ),
            Prop::quiet("mode", Kind::Text, "").since((7, 23)),
            Prop::quiet("check-certificate", Kind::Bool, "").since((7, 23)),
            Prop::quiet("ip-version", Kind::Text, "").since((7, 23)),
            Prop::shown("installed-version", Kind::ReadOnly, ""),
        ],
        &[],
    ),
    single(
        "/system/device-mode",
        READ,
        &[
            Prop::shown("mode", Kind::ReadOnly, "advanced"),
            allowed("scheduler"),
            allowed("socks"),
            allowed("fetch"),
            allowed("pptp"),
            allowed("l2tp"),
            allowed("bandwidth-test"),
            forbidden("traffic-gen"),
            allowed("sniffer"),
            allowed("ipsec"),
            allowed("romon"),
            allowed("proxy"),
            allowed("hotspot"),
            allowed("smb"),
            allowed("email"),
            allowed("zerotier"),
            forbidden("container"),
            forbidden("install-any-version").since((7, 17)),
            forbidden("partitions").since((7, 17)),
            forbidden("routerboard").since((7, 17)),
            Prop::shown("attempt-count", Kind::ReadOnly, "0").since((7, 17)),
        ],
        &[],
    ),
    single(
        "/system/ntp/client",
        &["print", "get", "set", "reset"],
        &[
            Prop::shown("enabled", Kind::Bool, "false"),
            Prop::shown(
                "mode",
                Kind::OneOf(&["broadcast", "manycast", "multicast", "unicast"]),
                "unicast",
            ),
            Prop::shown("servers", Kind::Text, ""),
            Prop::shown("vrf", Kind::Text, "main"),
        ],
        &[],
    ),
    single(
        "/ip/dns",
        &["print", "get", "set", "reset"],
        &[
            Prop::shown("servers", Kind::Text, ""),
            Prop::shown("use-doh-server", Kind::Text, ""),
            Prop::shown("verify-doh-cert", Kind::Bool, "false"),
            Prop::shown("doh-max-server-connections", Kind::Number(1, 65_535), "5"),
            Prop::shown("doh-max-concurrent-queries", Kind::Number(1, 65_535), "50"),
            Prop::shown("doh-timeout", Kind::Time, "5s"),
            Prop::shown("allow-remote-requests", Kind::Bool, "true"),
            Prop::shown("max-udp-packet-size", Kind::Number(50, 65_507), "4096"),
            Prop::shown("query-server-timeout", Kind::Time, "2s"),
            Prop::shown("query-total-timeout", Kind::Time, "10s"),
            Prop::shown("max-concurrent-queries", Kind::Number(1, 65_535), "100"),
            Prop::shown("max-concurrent-tcp-sessions", Kind::Number(1, 65_535), "20"),
            Prop::shown("cache-size", Kind::Number(64, 65_535), "2048"),
            Prop::shown("cache-max-ttl", Kind::Time, "1w"),
            Prop::shown("address-list-extra-time", Kind::Time, "0s"),
            Prop::shown("vrf", Kind::Text, "main").since((7, 15)),
            Prop::shown("mdns-repeat-ifaces", Kind::Text, "").since((7, 16)),
        ],
        &[],
    ),
    list(
        "/ip/pool",
        &["add", "set", "remove", "comment", "print", "get", "reset"],
        &[
            Prop::shown("name", Kind::Text, ""),
            Prop::shown("ranges", Kind::Ranges, ""),
            Prop::quiet("next-pool", Kind::Ref("/ip/pool", "none"), "none"),
            Prop::quiet("comment", Kind::Text, ""),
        ],
        &["name", "ranges"],
        &[],
    ),
    list(
        "/certificate",
        &[
            "add", "set", "remove", "sign", "print", "get", "reset", "unset",
        ],
        &[
            Prop::shown("name", Kind::Text, ""),
            Prop::shown("digest-algorithm", DIGESTS, "sha256"),
            Prop::quiet("key-type", Kind::ReadOnly, ""),
            Prop::quiet("country", Kind::Text, ""),
            Prop::quiet("state", Kind::Text, ""),
            Prop::quiet("locality", Kind::Text, ""),
            Prop::quiet("organization", Kind::Text, ""),
            Prop::quiet("unit", Kind::Text, ""),
            Prop::shown("common-name", Kind::Text, ""),
            Prop::shown("key-size", KEY_SIZES, "2048"),
            Prop::shown("subject-alt-name", Kind::Text, ""),
            Prop::shown("days-valid", Kind::Number(1, 36_500), "365"),
            Prop::shown("trusted", Kind::Bool, "false"),
            Prop::quiet("trust-store", Kind::Text, "").since((7, 21)),
            Prop::shown(
                "key-usage",
                USAGES,
                "digital-signature,key-encipherment,data-encipherment,key-cert-sign,crl-sign,tls-server,tls-client",
            ),
            Prop::quiet("fingerprint", Kind::ReadOnly, ""),
            Prop::quiet("private-key", Kind::ReadOnly, ""),
            Prop::quiet("expired", Kind::ReadOnly, ""),
        ],
        &["name"],
        &["active", "inactive"],
    ),
];
