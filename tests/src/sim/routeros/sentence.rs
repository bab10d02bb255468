//! What the words of one request say, and how replies are put into words. Knows no menu.
use super::wire;

/// One request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    pub(crate) command: String,
    pub(crate) attributes: Vec<(String, Vec<u8>)>,
    pub(crate) queries: Vec<Vec<u8>>,
    pub(crate) tag: Option<Vec<u8>>,
}

impl Request {
    pub(crate) fn parse(words: &[Vec<u8>]) -> Self {
        let mut request = Self::default();
        for (at, word) in words.iter().enumerate() {
            match word.first() {
                _ if at == 0 => request.command = String::from_utf8_lossy(word).into_owned(),
                Some(b'=') => request.attributes.push(attribute(&word[1..])),
                Some(b'?') => request.queries.push(word[1..].to_vec()),
                Some(b'.') => {
                    let (name, value) = attribute(word);
                    if name == ".tag" {
                        request.tag = Some(value);
                    } else {
                        request.attributes.push((name, value));
                    }
                }
                _ => request
                    .attributes
                    .push((String::from_utf8_lossy(word).into_owned(), Vec::new())),
            }
        }
        request
    }

    pub(crate) fn value(&self, name: &str) -> Option<&[u8]> {
        self.attributes
            .iter()
            .find(|(have, _)| have == name)
            .map(|(_, value)| value.as_slice())
    }

    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.value(name)
            .map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// Returns whether a flag such as `=count-only=` is set.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.value(name)
            .is_some_and(|value| !matches!(value, b"no" | b"false"))
    }
}

fn attribute(word: &[u8]) -> (String, Vec<u8>) {
    let end = word
        .iter()
        .position(|byte| *byte == b'=')
        .unwrap_or(word.len());
    let value = word.get(end + 1..).unwrap_or_default();
    (
        String::from_utf8_lossy(&word[..end]).into_owned(),
        value.to_vec(),
    )
}

/// Builds replies; the tag always goes second, as on the wire of real routers.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    bytes: Vec<u8>,
}

impl Replies {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn sentence<'a>(
        &mut self,
        kind: &str,
        tag: Option<&[u8]>,
        attributes: impl IntoIterator<Item = (&'a str, &'a [u8])>,
    ) {
        wire::word(&mut self.bytes, kind.as_bytes());
        if let Some(tag) = tag {
            wire::word(&mut self.bytes, &[b".tag=".as_slice(), tag].concat());
        }
        for (name, value) in attributes {
            wire::word(
                &mut self.bytes,
                &[b"=".as_slice(), name.as_bytes(), b"=", value].concat(),
            );
        }
        self.bytes.push(0);
    }

    pub(crate) fn done(&mut self, tag: Option<&[u8]>) {
        self.sentence("!done", tag, []);
    }

    pub(crate) fn ret(&mut self, tag: Option<&[u8]>, value: &[u8]) {
        self.sentence("!done", tag, [("ret", value)]);
    }

    pub(crate) fn empty(&mut self, tag: Option<&[u8]>) {
        self.sentence("!empty", tag, []);
    }

    pub(crate) fn trap(&mut self, tag: Option<&[u8]>, trap: &Trap) {
        let category = trap
            .category
            .map(|category| category.to_string())
            .unwrap_or_default();
        let mut attributes: Vec<(&str, &[u8])> = Vec::new();
        if trap.category.is_some() {
            attributes.push(("category", category.as_bytes()));
        }
        attributes.push(("message", trap.message.as_bytes()));
        self.sentence("!trap", tag, attributes);
    }

    /// Adds `!fatal`, whose reason is a bare word.
    pub(crate) fn fatal(&mut self, tag: Option<&[u8]>, reason: &str) {
        wire::word(&mut self.bytes, b"!fatal");
        if let Some(tag) = tag {
            wire::word(&mut self.bytes, &[b".tag=".as_slice(), tag].concat());
        }
        wire::word(&mut self.bytes, reason.as_bytes());
        self.bytes.push(0);
    }
}

/// A refusal in the router's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trap {
    pub(crate) category: Option<u8>,
    pub(crate) message: String,
}

impl Trap {
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self {
            category: Some(0),
            message: message.into(),
        }
    }

    pub(crate) fn value(message: impl Into<String>) -> Self {
        Self {
            category: Some(1),
            message: message.into(),
        }
    }

    pub(crate) fn plain(message: impl Into<String>) -> Self {
        Self {
            category: None,
            message: message.into(),
        }
    }

    pub(crate) fn interrupted() -> Self {
        Self {
            category: Some(2),
            message: "interrupted".to_owned(),
        }
    }

    pub(crate) fn permission() -> Self {
        Self::plain("not enough permissions (9)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_every_kind_find_their_place() {
        let words: Vec<Vec<u8>> = [
            "/ip/address/print",
            "=comment=a=b",
            "=detail=",
            "?>x=1",
            ".tag=7",
            "=.proplist=a",
        ]
        .iter()
        .map(|word| word.as_bytes().to_vec())
        .collect();
        let request = Request::parse(&words);
        assert_eq!(request.command, "/ip/address/print");
        assert_eq!(request.value("comment"), Some(&b"a=b"[..]));
        assert_eq!(request.value("detail"), Some(&b""[..]));
        assert_eq!(request.queries, [b">x=1".to_vec()]);
        assert_eq!(request.tag.as_deref(), Some(&b"7"[..]));
        assert_eq!(request.value(".proplist"), Some(&b"a"[..]));
    }

    #[test]
    fn the_tag_is_the_second_word() {
        let mut replies = Replies::new();
        replies.trap(Some(b"10"), &Trap::interrupted());
        assert_eq!(
            replies.into_bytes(),
            b"\x05!trap\x07.tag=10\x0B=category=2\x14=message=interrupted\0"
        );
    }
}
