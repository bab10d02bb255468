//! Stored rows of a menu. Rules about values are in `edit.rs`.
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::clock::Ms;
use super::super::menu::Menu;

/// What a user has used before the present session.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) uptime: Ms,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

/// A stored item.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: u32,
    pub(crate) values: BTreeMap<&'static str, Vec<u8>>,
    pub(crate) usage: Usage,
    /// How often a rule decided.
    pub(crate) hits: u64,
    /// Made by the system and not removable.
    pub(crate) stock: bool,
    pub(crate) dynamic: bool,
}

impl Row {
    pub(crate) fn raw(&self, name: &str) -> &[u8] {
        self.values.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    pub(crate) fn text(&self, name: &str) -> Cow<'_, str> {
        String::from_utf8_lossy(self.raw(name))
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.raw(name) == b"true"
    }

    pub(crate) fn number(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or_default()
    }

    /// Returns a duration, or nothing for `none` and zero.
    pub(crate) fn span(&self, name: &str) -> Option<Ms> {
        super::super::value::parse_duration(&self.text(name)).filter(|span| *span > 0)
    }

    /// Returns a size, or nothing for zero.
    pub(crate) fn limit(&self, name: &str) -> Option<u64> {
        Some(self.number(name)).filter(|size| *size > 0)
    }

    pub(crate) fn identifier(&self) -> String {
        format!("*{:X}", self.id)
    }
}

/// The items of a menu.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) menu: &'static Menu,
    pub(crate) rows: Vec<Row>,
    pub(crate) next: u32,
}

impl Table {
    pub(crate) fn new(menu: &'static Menu) -> Self {
        Self {
            menu,
            rows: Vec::new(),
            next: 1,
        }
    }

    pub(crate) fn by_id(&self, id: u32) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }

    pub(crate) fn by_id_mut(&mut self, id: u32) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.id == id)
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Row> {
        self.rows
            .iter()
            .find(|row| row.raw("name") == name.as_bytes())
    }

    /// Returns a row with every property at its default.
    pub(crate) fn blank(&self) -> Row {
        Row {
            id: 0,
            values: self
                .menu
                .props
                .iter()
                .map(|prop| (prop.name, prop.default.as_bytes().to_vec()))
                .collect(),
            usage: Usage::default(),
            hits: 0,
            stock: false,
            dynamic: false,
        }
    }

    /// Adds a row made by the system.
    pub(crate) fn seed(&mut self, id: Option<u32>, values: &[(&'static str, &str)]) -> u32 {
        let mut row = self.blank();
        for (name, value) in values {
            row.values.insert(name, value.as_bytes().to_vec());
        }
        row.stock = id == Some(0);
        row.id = id.unwrap_or(self.next);
        self.next = self.next.max(row.id + 1);
        let id = row.id;
        self.rows.push(row);
        id
    }
}
