//! The walled garden: what a phone reaches without being logged in. Rules are rows that the API edits.
use std::net::{Ipv4Addr, SocketAddr};

use super::super::device::{Device, Row};
use super::super::value;
use super::Ask;

/// Returns whether `walled-garden/ip` lets a phone through to an address.
pub(super) fn accepts(device: &Device, from: Ipv4Addr, to: SocketAddr) -> bool {
    let SocketAddr::V4(to) = to else { return false };
    let rule = device
        .table("/ip/hotspot/walled-garden/ip")
        .rows
        .iter()
        .find(|row| {
            let destination = row.text("dst-address");
            let protocol = row.text("protocol");
            for_visitor(device, row, from)
                && (destination.is_empty() || value::in_range(&destination, *to.ip()))
                && (protocol.is_empty() || protocol == "tcp" || protocol == "6")
                && has_port(&row.text("dst-port"), to.port())
                && row.raw("dst-host").is_empty()
                && row.raw("dst-address-list").is_empty()
                && row.raw("src-address-list").is_empty()
        });
    rule.is_some_and(|row| row.raw("action") == b"accept")
}

/// Returns whether `walled-garden` lets a phone see a host by name, and counts for the rule that decided.
pub(super) fn allows(device: &mut Device, from: Ipv4Addr, ask: &Ask) -> bool {
    let (host, port) = ask.host.rsplit_once(':').unwrap_or((&ask.host, "80"));
    let port = port.parse().unwrap_or(80);
    let path = ask.path.split('?').next().unwrap_or_default();
    let rule = device
        .table("/ip/hotspot/walled-garden")
        .rows
        .iter()
        .find(|row| {
            let matches = |name: &str, have: &str| {
                let pattern = row.text(name);
                pattern.is_empty() || wildcard(pattern.as_bytes(), have.as_bytes())
            };
            for_visitor(device, row, from)
                && matches("dst-host", host)
                && matches("path", path)
                && matches("method", &ask.method)
                && has_port(&row.text("dst-port"), port)
        });
    let Some((id, allowed)) = rule.map(|row| (row.id, row.raw("action") == b"allow")) else {
        return false;
    };
    if let Some(row) = device.table_mut("/ip/hotspot/walled-garden").by_id_mut(id) {
        row.hits += 1;
    }
    allowed
}

fn for_visitor(device: &Device, row: &Row, from: Ipv4Addr) -> bool {
    let source = row.text("src-address");
    let server = row.text("server");
    !row.is("disabled")
        && (source.is_empty() || value::in_range(&source, from))
        && (server == "all"
            || device
                .hosts
                .get(&from)
                .is_some_and(|host| host.server == server))
}

fn has_port(ports: &str, port: u16) -> bool {
    ports.is_empty()
        || ports.split(',').any(|part| match part.split_once('-') {
            Some((low, high)) => {
                low.parse::<u16>().is_ok_and(|low| low <= port)
                    && high.parse::<u16>().is_ok_and(|high| port <= high)
            }
            None => part.parse() == Ok(port),
        })
}

/// Matches `*` and `?`.
fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.first(), text.first()) {
        (None, None) => true,
        (Some(b'*'), _) => {
            wildcard(&pattern[1..], text) || (!text.is_empty() && wildcard(pattern, &text[1..]))
        }
        (Some(b'?'), Some(_)) => wildcard(&pattern[1..], &text[1..]),
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b) && wildcard(&pattern[1..], &text[1..]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_and_ports() {
        assert!(wildcard(b"*.example.com", b"www.Example.com"));
        assert!(!wildcard(b"*.example.com", b"example.com"));
        assert!(wildcard(b"h?llo", b"hallo"));
        assert!(has_port("80,443,8000-8100", 8080));
        assert!(!has_port("80,443", 8080));
    }
}
