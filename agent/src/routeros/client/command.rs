//! Commands and queries: building what the router is asked, word by word. Sending is the connection's work.

use std::fmt;

use crate::routeros::wire::put_word;

/// One command, without its tag.
#[derive(Clone)]
pub struct Command {
    path: &'static str,
    encoded: Vec<u8>,
}

/// Shows the path only: the attributes may be codes and passwords.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Command").field(&self.path).finish()
    }
}

impl Command {
    /// Starts a command by its path, such as `/ip/hotspot/host/print`.
    #[must_use]
    pub fn new(path: &'static str) -> Self {
        let mut encoded = Vec::with_capacity(64);
        put_word(&mut encoded, path.as_bytes());
        Self { path, encoded }
    }

    /// The path it was made with.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Adds `=name=value`.
    #[must_use]
    pub fn attribute(mut self, name: &str, value: &str) -> Self {
        put_word(&mut self.encoded, format!("={name}={value}").as_bytes());
        self
    }

    /// Adds `=name=value` when there is a value.
    #[must_use]
    pub fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.attribute(name, value),
            None => self,
        }
    }

    /// Asks for these properties only.
    #[must_use]
    pub fn proplist(self, names: &[&str]) -> Self {
        let list = names.join(",");
        self.attribute(".proplist", &list)
    }

    /// Asks for the rows that fit only. Works with `print`.
    #[must_use]
    pub fn query(mut self, query: &Query) -> Self {
        for word in &query.0 {
            put_word(&mut self.encoded, word);
        }
        self
    }

    pub(super) fn encoded(&self) -> &[u8] {
        &self.encoded
    }
}

/// A condition on rows. The router evaluates it as a stack machine; each of these leaves one value on the stack.
#[derive(Clone)]
pub struct Query(Vec<Vec<u8>>);

/// Shows its length only: the values may be codes.
impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Query({} words)", self.0.len())
    }
}

impl Query {
    /// The property is not there.
    #[must_use]
    pub fn lacks(name: &str) -> Self {
        Self(vec![format!("?-{name}").into_bytes()])
    }

    /// The property is this.
    #[must_use]
    pub fn equals(name: &str, value: &str) -> Self {
        Self(vec![format!("?{name}={value}").into_bytes()])
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.join(other, b"?#&")
    }

    /// One of them holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.join(other, b"?#|")
    }

    fn join(mut self, mut other: Self, operation: &[u8]) -> Self {
        self.0.append(&mut other.0);
        self.0.push(operation.to_vec());
        self
    }
}
