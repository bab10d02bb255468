//! One item as the API shows it: an id and its properties in the router's order. Where items live is in `device/`.

/// A row of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// Empty in menus that hold one item.
    pub(crate) id: String,
    pub(crate) fields: Vec<(&'static str, Vec<u8>)>,
}

impl Record {
    pub(crate) fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            fields: Vec::new(),
        }
    }

    pub(crate) fn put(&mut self, name: &'static str, value: impl Into<Vec<u8>>) {
        self.fields.push((name, value.into()));
    }

    pub(crate) fn flag(&mut self, name: &'static str, value: bool) {
        self.put(name, if value { "true" } else { "false" });
    }

    pub(crate) fn value(&self, name: &str) -> Option<&[u8]> {
        if name == ".id" {
            return (!self.id.is_empty()).then_some(self.id.as_bytes());
        }
        self.fields
            .iter()
            .find(|(have, _)| *have == name)
            .map(|(_, value)| value.as_slice())
    }

    /// Returns the attributes of a reply, all or those asked for.
    pub(crate) fn chosen<'a>(&'a self, proplist: Option<&'a [String]>) -> Vec<(&'a str, &'a [u8])> {
        match proplist {
            Some(names) => names
                .iter()
                .filter_map(|name| self.value(name).map(|value| (name.as_str(), value)))
                .collect(),
            None => {
                let id = (!self.id.is_empty()).then_some((".id", self.id.as_bytes()));
                id.into_iter()
                    .chain(
                        self.fields
                            .iter()
                            .map(|(name, value)| (*name, value.as_slice())),
                    )
                    .collect()
            }
        }
    }

    /// Returns the record without what changes by itself, which `listen` does not report.
    pub(crate) fn steady(&self) -> Self {
        const RESTLESS: [&str; 15] = [
            "uptime",
            "session-time-left",
            "idle-time",
            "bytes-in",
            "bytes-out",
            "packets-in",
            "packets-out",
            "host-dead-time",
            "expires-in",
            "remain-bytes-total",
            "bytes",
            "packets",
            "rate",
            "time",
            "hits",
        ];
        let limits = self.value("session-time-left").is_some() || self.value("login-by").is_some();
        let fields = self.fields.iter().filter(|(name, _)| {
            !(RESTLESS.contains(name) || limits && name.starts_with("limit-bytes"))
        });
        Self {
            id: self.id.clone(),
            fields: fields.cloned().collect(),
        }
    }
}
