//! Verbs that change stored items, with the router's checks and words. Sessions, hosts and cookies are in `hotspot/`.
use super::super::menu::{BadValue, Kind, Menu, Prop, Shape};
use super::super::sentence::{Request, Trap};
use super::super::version::Version;
use super::files::FILES;
use super::{Device, Row};

/// What a changing verb answers.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Edited {
    Done,
    Ret(String),
}

impl Device {
    /// Carries out a verb that changes stored items.
    pub(crate) fn edit(
        &mut self,
        menu: &'static Menu,
        verb: &str,
        request: &Request,
    ) -> Result<Edited, Trap> {
        let edited = match verb {
            "add" => Edited::Ret(self.add(menu, request)?),
            "set" if menu.shape == Shape::Single => self.set_single(menu, request)?,
            "set" => self.set(menu, request)?,
            "comment" => self.set(menu, request)?,
            "enable" | "disable" | "uninstall" | "unschedule" if menu.path == "/system/package" => {
                let plan = match verb {
                    "unschedule" => String::new(),
                    verb => format!("scheduled for {verb}"),
                };
                for id in self.stored_items(menu, request)? {
                    self.write(menu, id, "scheduled", plan.clone().into_bytes());
                }
                Edited::Done
            }
            "enable" | "disable" => {
                let value: &[u8] = if verb == "enable" { b"false" } else { b"true" };
                for id in self.stored_items(menu, request)? {
                    self.write(menu, id, "disabled", value.to_vec());
                    self.after_user_change(menu, id, verb == "disable");
                }
                Edited::Done
            }
            "remove" => self.remove(menu, request)?,
            "sign" => self.sign(menu, request)?,
            "reset-html" => {
                for id in self.stored_items(menu, request)? {
                    self.reset_pages(id);
                }
                Edited::Done
            }
            "reset" if menu.shape == Shape::Single => self.reset_single(menu, request),
            "reset" | "unset" => self.reset(menu, verb, request)?,
            "reset-counters-all" => {
                for row in &mut self.table_mut(menu.path).rows {
                    row.hits = 0;
                }
                Edited::Done
            }
            "reset-counters" => {
                for id in self.stored_items(menu, request)? {
                    if let Some(row) = self.table_mut(menu.path).by_id_mut(id) {
                        row.usage = super::Usage::default();
                        row.hits = 0;
                    }
                }
                Edited::Done
            }
            "move" => self.reorder(menu, request)?,
            _ => {
                if super::super::menu::takes_items(menu, verb) {
                    self.stored_items(menu, request)?;
                }
                Edited::Done
            }
        };
        self.touch(menu.path);
        Ok(edited)
    }

    fn write(&mut self, menu: &'static Menu, id: u32, name: &'static str, value: Vec<u8>) {
        if let Some(row) = self.table_mut(menu.path).by_id_mut(id) {
            row.values.insert(name, value);
        }
    }

    /// Checks the properties a request sets and brings them into the router's form.
    fn accept(
        &self,
        menu: &'static Menu,
        request: &Request,
    ) -> Result<Vec<(&'static Prop, Vec<u8>)>, Trap> {
        let mut accepted = Vec::new();
        for (name, raw) in &request.attributes {
            let Some(prop) = menu.prop(name, self.version) else {
                continue;
            };
            let exists = |menu: &str, name: &str| {
                self.tables
                    .get(menu)
                    .is_some_and(|table| table.named(name).is_some())
            };
            match prop.kind.accept(raw, exists) {
                Ok(kept) => accepted.push((prop, kept)),
                Err(BadValue::NoMatch) => {
                    return Err(Trap::value(format!(
                        "input does not match any value of {name}"
                    )));
                }
                Err(BadValue::Invalid) => {
                    return Err(Trap::value(format!("invalid value for argument {name}")));
                }
                Err(BadValue::NotSettable) => {
                    return Err(Trap::plain(format!("unknown parameter {name}")));
                }
            }
        }
        Ok(accepted)
    }

    fn add(&mut self, menu: &'static Menu, request: &Request) -> Result<String, Trap> {
        let mut row = match request.text("copy-from") {
            Some(from) => {
                let id = self.stored_item(menu, &from)?;
                let mut copy = self
                    .table(menu.path)
                    .by_id(id)
                    .cloned()
                    .ok_or_else(|| no_such_item(self.version))?;
                copy.usage = super::Usage::default();
                copy.hits = 0;
                copy.stock = false;
                copy
            }
            None => self.table(menu.path).blank(),
        };
        for name in menu.required {
            if request.value(name).is_none_or(<[u8]>::is_empty)
                && request.value("copy-from").is_none()
            {
                return Err(missing(self.version, name));
            }
        }
        for (prop, value) in self.accept(menu, request)? {
            row.values.insert(prop.name, value);
        }
        row.id = self.table(menu.path).next;
        if menu.path == "/ip/hotspot" && row.raw("name").is_empty() {
            row.values
                .insert("name", format!("server{}", row.id).into_bytes());
        }
        if menu.path == "/ip/address" {
            complete_address(&mut row);
        }
        if menu.path == FILES {
            self.check_file(&mut row)?;
        }
        self.refuse_twin(menu, &row)?;
        let before = match request.text("place-before") {
            Some(before) => Some(self.stored_item(menu, &before)?),
            None => None,
        };
        let table = self.table_mut(menu.path);
        table.next += 1;
        let identifier = row.identifier();
        let at = before.and_then(|id| table.rows.iter().position(|row| row.id == id));
        let name = row.text("name").into_owned();
        table.rows.insert(at.unwrap_or(table.rows.len()), row);
        if menu.path == FILES {
            self.make_folders(&name);
        }
        Ok(identifier)
    }

    fn set(&mut self, menu: &'static Menu, request: &Request) -> Result<Edited, Trap> {
        let values = self.accept(menu, request)?;
        for id in self.stored_items(menu, request)? {
            let mut row = self
                .table(menu.path)
                .by_id(id)
                .cloned()
                .ok_or_else(|| no_such_item(self.version))?;
            for (prop, value) in &values {
                row.values.insert(prop.name, value.clone());
            }
            if menu.path == FILES {
                self.check_file(&mut row)?;
            }
            self.refuse_twin(menu, &row)?;
            let disabled = row.is("disabled");
            if let Some(have) = self.table_mut(menu.path).by_id_mut(id) {
                *have = row;
            }
            self.after_user_change(menu, id, disabled);
        }
        Ok(Edited::Done)
    }

    fn set_single(&mut self, menu: &'static Menu, request: &Request) -> Result<Edited, Trap> {
        let values = self.accept(menu, request)?;
        if menu.path == "/system/clock" {
            return self.set_calendar(request, values);
        }
        for (prop, value) in values {
            self.write(menu, 0, prop.name, value);
        }
        Ok(Edited::Done)
    }

    fn set_calendar(
        &mut self,
        request: &Request,
        values: Vec<(&'static Prop, Vec<u8>)>,
    ) -> Result<Edited, Trap> {
        let menu = self.table("/system/clock").menu;
        let (mut date, mut time) = super::rows::date_and_time(self.local_time(), true);
        if let Some(text) = request.text("date") {
            date = text;
        }
        if let Some(text) = request.text("time") {
            time = text;
        }
        let local = format!("{date}T{time}")
            .parse::<jiff::civil::DateTime>()
            .ok()
            .and_then(|civil| civil.to_zoned(jiff::tz::TimeZone::UTC).ok())
            .ok_or_else(|| Trap::value("invalid value for argument date"))?;
        let shift = local.timestamp().as_second() - self.local_time();
        self.calendar += shift;
        for (prop, value) in values {
            if !matches!(prop.name, "date" | "time") {
                self.write(menu, 0, prop.name, value);
            }
        }
        Ok(Edited::Done)
    }

    fn reset_single(&mut self, menu: &'static Menu, request: &Request) -> Edited {
        for (name, _) in &request.attributes {
            if let Some(prop) = menu.prop(name, self.version) {
                self.write(menu, 0, prop.name, prop.default.as_bytes().to_vec());
            }
        }
        Edited::Done
    }

    fn reset(
        &mut self,
        menu: &'static Menu,
        verb: &str,
        request: &Request,
    ) -> Result<Edited, Trap> {
        let names: Vec<String> = if verb == "unset" {
            let name = request
                .text("value-name")
                .ok_or_else(|| missing(self.version, "value-name"))?;
            if menu.prop(&name, self.version).is_none() {
                return Err(Trap::value("input does not match any value of value-name"));
            }
            vec![name]
        } else {
            request
                .attributes
                .iter()
                .map(|(name, _)| name.clone())
                .collect()
        };
        for id in self.stored_items(menu, request)? {
            for name in &names {
                if let Some(prop) = menu.prop(name, self.version) {
                    self.write(menu, id, prop.name, prop.default.as_bytes().to_vec());
                }
            }
        }
        Ok(Edited::Done)
    }

    fn remove(&mut self, menu: &'static Menu, request: &Request) -> Result<Edited, Trap> {
        let mut items = self.stored_items(menu, request)?;
        if menu.path == FILES {
            items = items.iter().flat_map(|id| self.files_below(*id)).collect();
        }
        for id in &items {
            if self
                .table(menu.path)
                .by_id(*id)
                .is_some_and(|row| row.stock || row.dynamic)
            {
                return Err(Trap::plain(
                    "failure: can not remove default or dynamic item",
                ));
            }
        }
        for id in items {
            self.after_user_change(menu, id, true);
            self.table_mut(menu.path).rows.retain(|row| row.id != id);
        }
        Ok(Edited::Done)
    }

    fn reorder(&mut self, menu: &'static Menu, request: &Request) -> Result<Edited, Trap> {
        let moving = self.stored_items(menu, request)?;
        let destination = match request.text("destination") {
            Some(text) => Some(self.stored_item(menu, &text)?),
            None => None,
        };
        let table = self.table_mut(menu.path);
        let (picked, mut rest): (Vec<Row>, Vec<Row>) = table
            .rows
            .drain(..)
            .partition(|row| moving.contains(&row.id));
        let at = destination
            .and_then(|id| rest.iter().position(|row| row.id == id))
            .unwrap_or(rest.len());
        rest.splice(at..at, picked);
        table.rows = rest;
        Ok(Edited::Done)
    }

    /// Ends a removed or disabled user's sessions where the knob says that this router does.
    fn after_user_change(&mut self, menu: &'static Menu, id: u32, gone: bool) {
        if menu.path == "/ip/hotspot/user" && gone && self.knobs.user_change_cuts_session {
            let addresses: Vec<_> = self
                .sessions
                .iter()
                .filter(|(_, session)| session.user_id == id)
                .map(|(address, _)| *address)
                .collect();
            for address in addresses {
                self.log_out(address, super::super::hotspot::Cause::AdminReset);
            }
        }
    }

    fn refuse_twin(&self, menu: &'static Menu, row: &Row) -> Result<(), Trap> {
        let twin = |same: &dyn Fn(&Row) -> bool| {
            self.table(menu.path)
                .rows
                .iter()
                .any(|other| other.id != row.id && same(other))
        };
        let same_name = |other: &Row| other.raw("name") == row.raw("name");
        let (taken, words) = match menu.path {
            "/ip/hotspot/user" => (
                twin(&|other| same_name(other) && other.raw("server") == row.raw("server")),
                "failure: already have user with this name for this server",
            ),
            "/ip/hotspot" => (
                twin(&|other| other.raw("interface") == row.raw("interface")),
                "failure: hotspot server already exists on this interface",
            ),
            "/ip/hotspot/profile" | "/ip/hotspot/user/profile" => (
                twin(&same_name),
                "failure: profile with the same name already exists",
            ),
            "/user" => (
                twin(&same_name),
                "failure: user with the same name already exists",
            ),
            "/user/group" => (
                twin(&same_name),
                "failure: group with the same name already exists",
            ),
            FILES => (twin(&same_name), "failure: file already exists"),
            "/ip/pool" => (
                twin(&same_name),
                "failure: pool with the same name already exists",
            ),
            "/certificate" => (
                twin(&same_name),
                "failure: certificate with the same name already exists",
            ),
            _ => (false, ""),
        };
        if taken {
            return Err(Trap::plain(words));
        }
        Ok(())
    }

    /// Returns the ids a request names, by id or by name.
    pub(crate) fn stored_items(
        &self,
        menu: &'static Menu,
        request: &Request,
    ) -> Result<Vec<u32>, Trap> {
        let text = named(request).ok_or_else(|| missing(self.version, "numbers"))?;
        text.split(',')
            .map(|item| self.stored_item(menu, item))
            .collect()
    }

    pub(super) fn stored_item(&self, menu: &'static Menu, item: &str) -> Result<u32, Trap> {
        let table = self.table(menu.path);
        let found = match item.strip_prefix('*') {
            Some(hex) => u32::from_str_radix(hex, 16)
                .ok()
                .and_then(|id| table.by_id(id)),
            None => table.named(item),
        };
        found
            .map(|row| row.id)
            .ok_or_else(|| no_such_item(self.version))
    }
}

/// Fills in the network of an address, which the router works out itself.
fn complete_address(row: &mut Row) {
    let text = row.text("address").into_owned();
    let (address, bits) = text.split_once('/').unwrap_or((&text, "32"));
    if let (Ok(address), Ok(bits @ 0..=32), true) = (
        address.parse::<std::net::Ipv4Addr>(),
        bits.parse::<u32>(),
        row.raw("network").is_empty(),
    ) {
        let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
        let network = std::net::Ipv4Addr::from(u32::from(address) & mask);
        row.values
            .insert("network", network.to_string().into_bytes());
    }
    let interface = row.raw("interface").to_vec();
    row.values.insert("actual-interface", interface);
}

/// Returns the text naming the items of a request.
pub(crate) fn named(request: &Request) -> Option<String> {
    request
        .text(".id")
        .or_else(|| request.text("numbers"))
        .filter(|text| !text.is_empty())
}

pub(crate) fn no_such_item(version: Version) -> Trap {
    if version.is_six() {
        Trap::plain("no such item (4)")
    } else {
        Trap::missing("no such item")
    }
}

pub(crate) fn missing(version: Version, name: &str) -> Trap {
    if version.is_six() {
        Trap::plain(format!("missing ={name}="))
    } else {
        Trap::plain(format!("missing value(s) of argument(s) {name}"))
    }
}

impl Kind {
    /// Returns whether rows show the value only to those who may see secrets.
    pub(crate) fn secret(name: &str) -> bool {
        matches!(name, "password" | "otp-secret" | "mac-auth-password")
    }
}
