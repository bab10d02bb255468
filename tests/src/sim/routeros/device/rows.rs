//! What print shows of each menu. Choosing and filtering rows is in `exec.rs`.
use std::net::Ipv4Addr;

use super::super::hotspot::{Cookie, Host, Session};
use super::super::menu::{Kind, Menu, Shape};
use super::super::record::Record;
use super::super::value;
use super::{Device, Row};

impl Device {
    /// Returns the items of a menu as this reader may see them.
    pub(crate) fn records(&self, menu: &'static Menu, secrets: bool) -> Vec<Record> {
        match menu.path {
            "/ip/hotspot/active" => self
                .sessions
                .values()
                .map(|session| self.session_record(session))
                .collect(),
            "/ip/hotspot/host" => self
                .hosts
                .values()
                .map(|host| self.host_record(host))
                .collect(),
            "/ip/hotspot/cookie" => self
                .cookies
                .iter()
                .map(|cookie| self.cookie_record(cookie))
                .collect(),
            "/queue/simple" => {
                let written = self.table(menu.path).rows.iter();
                let limited = self
                    .sessions
                    .values()
                    .filter(|session| session.rate.is_some());
                written
                    .map(|row| self.row_record(menu, row, secrets))
                    .chain(limited.map(queue_record))
                    .collect()
            }
            "/log" => self.log_records(),
            "/user/active" => self.member_records(),
            "/system/resource" => vec![self.resource()],
            "/system/clock" => vec![self.clock_record()],
            "/system/license" => {
                let mut record = Record::new("");
                if let Some(level) = self.knobs.licence_level {
                    record.put("software-id", "A0BC-1D2E");
                    record.put("nlevel", level.to_string());
                } else {
                    record.put("system-id", "A0bC1dE2fG3");
                    record.put("level", "p-unlimited");
                }
                vec![record]
            }
            _ => match self.tables.get(menu.path) {
                Some(table) => table
                    .rows
                    .iter()
                    .map(|row| self.row_record(menu, row, secrets))
                    .collect(),
                None => Vec::new(),
            },
        }
    }

    fn row_record(&self, menu: &'static Menu, row: &Row, secrets: bool) -> Record {
        let single = menu.shape == Shape::Single;
        let mut record = Record::new(if single {
            String::new()
        } else {
            row.identifier()
        });
        let users = menu.path == "/ip/hotspot/user";
        for prop in menu.props {
            let value = row.raw(prop.name);
            let hidden = !self.version.at_least(prop.since)
                || (prop.quiet && value == prop.default.as_bytes())
                || (prop.quiet && value.is_empty())
                || (Kind::secret(prop.name) && (!secrets || menu.path == "/user"));
            if users && prop.name == "disabled" {
                self.usage_fields(&mut record, row);
            }
            if !hidden {
                record.put(prop.name, value);
            }
        }
        if menu.path == "/ip/hotspot" {
            let running = !row.is("disabled");
            record.flag("HTTPS", false);
            record.flag("invalid", false);
            if running {
                record.put("proxy-status", "running");
            }
        }
        if menu.path == "/ip/hotspot/walled-garden" {
            record.put("hits", row.hits.to_string());
        }
        if menu.path.starts_with("/ip/hotspot/walled-garden") {
            record.flag("dynamic", row.dynamic);
        }
        if row.stock
            && matches!(
                menu.path,
                "/ip/hotspot/user/profile" | "/ip/hotspot/profile"
            )
        {
            record.flag("default", true);
        }
        record
    }

    fn usage_fields(&self, record: &mut Record, row: &Row) {
        record.put("uptime", value::seconds(row.usage.uptime));
        record.put("bytes-in", row.usage.bytes_in.to_string());
        record.put("bytes-out", row.usage.bytes_out.to_string());
        record.put("packets-in", packets(row.usage.bytes_in));
        record.put("packets-out", packets(row.usage.bytes_out));
        if row.stock {
            record.flag("default", true);
        }
        record.flag("dynamic", row.dynamic);
    }

    fn session_record(&self, session: &Session) -> Record {
        let mut record = Record::new(value::address_id(session.address));
        record.put("server", session.server.clone());
        record.put("user", session.user.clone());
        if !session.domain.is_empty() {
            record.put("domain", session.domain.clone());
        }
        record.put("address", session.address.to_string());
        record.put("mac-address", session.mac.clone());
        record.put("login-by", session.login_by);
        record.put("uptime", value::seconds(self.now - session.started));
        if let Some(left) = self.time_left(session) {
            record.put("session-time-left", value::seconds(left));
        }
        let idle = self
            .hosts
            .get(&session.address)
            .map_or(0, |host| self.idle(host));
        record.put("idle-time", value::seconds(idle));
        if let Some(timeout) = session.idle_timeout {
            record.put("idle-timeout", value::duration(timeout));
        }
        if let Some(timeout) = session.keepalive_timeout {
            record.put("keepalive-timeout", value::duration(timeout));
        }
        record.put("bytes-in", session.bytes_in().to_string());
        record.put("bytes-out", session.bytes_out().to_string());
        record.put("packets-in", packets(session.bytes_in()));
        record.put("packets-out", packets(session.bytes_out()));
        for (name, left) in [
            ("limit-bytes-in", session.left_in),
            ("limit-bytes-out", session.left_out),
            ("limit-bytes-total", session.left_total),
        ] {
            if let Some(left) = left {
                record.put(name, left.to_string());
            }
        }
        record.flag("radius", false);
        record.flag("blocked", false);
        let user = self.table("/ip/hotspot/user").by_id(session.user_id);
        let comment = match &session.comment {
            Some(comment) => comment.as_bytes(),
            None => user.map(|row| row.raw("comment")).unwrap_or_default(),
        };
        if !comment.is_empty() {
            record.put("comment", comment);
        }
        record
    }

    fn host_record(&self, host: &Host) -> Record {
        let mut record = Record::new(format!("*{:X}", host.id));
        record.put("mac-address", host.mac.clone());
        record.put("address", host.address.to_string());
        record.put("to-address", host.address.to_string());
        record.put("server", host.server.clone());
        record.put("bridge-port", "wlan1");
        record.put("uptime", value::seconds(self.now - host.joined));
        record.put("idle-time", value::seconds(self.idle(host)));
        let session = self.sessions.get(&host.address);
        let idle = session.map_or_else(
            || self.server_span(host, "idle-timeout"),
            |s| s.idle_timeout,
        );
        if let Some(timeout) = idle {
            record.put("idle-timeout", value::duration(timeout));
        }
        let keepalive = session.map_or_else(
            || self.server_span(host, "keepalive-timeout"),
            |s| s.keepalive_timeout,
        );
        if let Some(timeout) = keepalive {
            record.put("keepalive-timeout", value::duration(timeout));
        }
        record.put("host-dead-time", value::seconds(self.idle(host)));
        record.put("bytes-in", (host.milli_in / 1000).to_string());
        record.put("bytes-out", (host.milli_out / 1000).to_string());
        record.put("packets-in", packets(host.milli_in / 1000));
        record.put("packets-out", packets(host.milli_out / 1000));
        record.put("found-by", "UDP :68 -> :67");
        record.flag("static", false);
        record.flag("DHCP", true);
        record.flag("dynamic", true);
        record.flag("authorized", session.is_some());
        record.flag("bypassed", host.bypassed);
        record
    }

    fn cookie_record(&self, cookie: &Cookie) -> Record {
        let mut record = Record::new(format!("*{:X}", cookie.id));
        record.put("user", cookie.user.clone());
        record.put("domain", "");
        record.put("mac-address", cookie.mac.clone());
        record.put(
            "expires-in",
            value::seconds(cookie.expires.saturating_sub(self.now)),
        );
        record.flag("mac-cookie", cookie.token.is_none());
        record
    }

    fn log_records(&self) -> Vec<Record> {
        let lines = self.log.iter().map(|line| {
            let mut record = Record::new(format!("*{:X}", line.id));
            let (date, time) = date_and_time(line.at, true);
            record.put("time", format!("{date} {time}"));
            record.put("topics", line.topics);
            record.put("message", line.message.clone());
            record
        });
        lines.collect()
    }

    fn member_records(&self) -> Vec<Record> {
        let members = self.members.iter().map(|(id, member)| {
            let mut record = Record::new(format!("*{id:X}"));
            let (date, time) = date_and_time(member.since, self.version.iso_dates());
            record.put("when", format!("{date} {time}"));
            record.put("name", member.name.clone());
            record.put("address", member.address.clone());
            record.put("via", member.via);
            record.put("group", self.group_of(&member.name));
            record.flag("radius", false);
            record
        });
        members.collect()
    }

    fn group_of(&self, name: &str) -> Vec<u8> {
        self.table("/user")
            .named(name)
            .map(|row| row.raw("group").to_vec())
            .unwrap_or_default()
    }

    fn resource(&self) -> Record {
        let mut record = Record::new("");
        record.put("uptime", value::seconds(self.now - self.booted));
        record.put("version", format!("{} (stable)", self.version));
        record.put("build-time", super::seed::BUILD_TIME);
        record.put("free-memory", "201326592");
        record.put("total-memory", "268435456");
        record.put("cpu", "Intel(R)");
        record.put("cpu-count", "1");
        record.put("cpu-frequency", "2400");
        record.put("cpu-load", "1");
        record.put("free-hdd-space", "67108864");
        record.put("total-hdd-space", "134217728");
        record.put("write-sect-since-reboot", "1024");
        record.put("write-sect-total", "4096");
        record.put("architecture-name", "x86_64");
        record.put("board-name", "CHR");
        record.put("platform", "MikroTik");
        record
    }

    /// Returns the router's local time as seconds since 1970.
    pub(crate) fn local_time(&self) -> i64 {
        self.calendar_now() + i64::from(self.offset())
    }

    fn offset(&self) -> i32 {
        let name = self
            .table("/system/clock")
            .rows
            .first()
            .map(|row| row.text("time-zone-name").into_owned());
        match name.as_deref() {
            Some("Africa/Nairobi" | "Africa/Kampala" | "Africa/Dar_es_Salaam") => 3 * 3600,
            _ => 0,
        }
    }

    fn clock_record(&self) -> Record {
        let (date, time) = date_and_time(self.local_time(), self.version.iso_dates());
        let mut record = Record::new("");
        record.put("time", time);
        record.put("date", date);
        if let Some(row) = self.table("/system/clock").rows.first() {
            record.put("time-zone-autodetect", row.raw("time-zone-autodetect"));
            record.put("time-zone-name", row.raw("time-zone-name"));
        }
        let offset = self.offset();
        record.put(
            "gmt-offset",
            format!("+{:02}:{:02}", offset / 3600, offset / 60 % 60),
        );
        record.flag("dst-active", false);
        record
    }

    fn server_span(&self, host: &Host, name: &str) -> Option<u64> {
        self.table("/ip/hotspot")
            .named(&host.server)
            .and_then(|row| row.span(name))
    }
}

fn queue_record(session: &Session) -> Record {
    let (rx, tx) = session.rate.unwrap_or_default();
    let mut record = Record::new(format!(
        "*{:X}",
        0xFF00_0000_u64 + u64::from(host_part(session.address))
    ));
    record.put("name", format!("<hotspot-{}>", session.user));
    record.put("target", format!("{}/32", session.address));
    record.put("parent", "none");
    record.put("packet-marks", "");
    record.put("priority", "8/8");
    record.put("queue", "default-small/default-small");
    record.put("limit-at", "0/0");
    record.put("max-limit", format!("{rx}/{tx}"));
    record.put("burst-limit", "0/0");
    record.put("burst-threshold", "0/0");
    record.put("burst-time", "0s/0s");
    record.put("bucket-size", "0.1/0.1");
    record.put(
        "bytes",
        format!("{}/{}", session.bytes_in(), session.bytes_out()),
    );
    record.put(
        "packets",
        format!(
            "{}/{}",
            packets(session.bytes_in()),
            packets(session.bytes_out())
        ),
    );
    record.put("rate", "0/0");
    record.flag("invalid", false);
    record.flag("dynamic", true);
    record.flag("disabled", false);
    record
}

fn host_part(address: Ipv4Addr) -> u32 {
    u32::from(address) & 0x00FF_FFFF
}

/// Returns a count of packets as a stream of mid-sized ones would show it.
fn packets(bytes: u64) -> String {
    bytes.div_ceil(700).to_string()
}

/// Returns date and time of seconds since 1970, in the form of new or old versions.
pub(crate) fn date_and_time(seconds: i64, iso: bool) -> (String, String) {
    let civil = jiff::Timestamp::from_second(seconds)
        .unwrap_or_default()
        .to_zoned(jiff::tz::TimeZone::UTC)
        .datetime();
    let time = civil.strftime("%H:%M:%S").to_string();
    let date = civil
        .strftime(if iso { "%Y-%m-%d" } else { "%b/%d/%Y" })
        .to_string();
    (date.to_ascii_lowercase(), time)
}
