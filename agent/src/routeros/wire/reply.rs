//! What the router's sentences say: rows, ends, traps. Which command one answers is the client's business.

use std::borrow::Cow;
use std::fmt;

use super::{Sentence, WireError};

/// A reply and the command it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Whose reply it is.
    pub tag: Tag,
    /// What it says.
    pub reply: Reply,
}

/// The tag of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// The command had none.
    None,
    /// One of the numbers this client gives out.
    Number(u32),
    /// Something this client never sends.
    Foreign,
}

/// One reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `!re`: one row, which may have no attribute at all.
    Re(Row),
    /// `!done`: the end of a command. `=ret=` holds an added row's id, a count, or an old router's login challenge.
    Done(Row),
    /// `!trap`: the command was refused; `!done` still follows.
    Trap(Trap),
    /// `!fatal`: the router closes the connection.
    Fatal(String),
    /// `!empty`: no row. `!done` should follow, though one version was seen to leave it out.
    Empty,
}

/// The attributes of a reply, in the order they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row(Sentence);

impl Row {
    /// Gives the attributes, each with its name and value.
    pub fn attributes(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.words().skip(1).filter_map(attribute)
    }

    /// Gives an attribute's bytes: the first of that name.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.attributes()
            .find(|(known, _)| *known == name.as_bytes())
            .map(|(_, value)| value)
    }

    /// Gives an attribute as text, with a mark where bytes are not UTF-8.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.bytes(name).map(String::from_utf8_lossy)
    }

    /// Gives `=ret=`.
    #[must_use]
    pub fn ret(&self) -> Option<Cow<'_, str>> {
        self.text("ret")
    }

    /// Gives the row's id.
    #[must_use]
    pub fn id(&self) -> Option<Cow<'_, str>> {
        self.text(".id")
    }

    /// Says whether a `listen` reports that the row is gone. The manual prints `yes`, routers send `true`.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        matches!(self.bytes(".dead"), Some(b"true" | b"yes"))
    }

    /// Counts the bytes it takes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.size()
    }
}

/// Splits `=name=value`. A value may hold `=` itself and may be missing.
fn attribute(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let pair = word.strip_prefix(b"=")?;
    match pair.iter().position(|byte| *byte == b'=') {
        Some(at) => Some((pair.get(..at)?, pair.get(at + 1..)?)),
        None => Some((pair, b"")),
    }
}

/// A refusal.
#[derive(Clone, PartialEq, Eq)]
pub struct Trap {
    /// What kind, when the router says.
    pub category: Option<Category>,
    /// The router's words. They may name a user, so they are compared, not logged.
    pub message: String,
    /// Whatever else came with it.
    pub extra: Row,
}

impl fmt::Debug for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trap")
            .field("category", &self.category)
            .finish_non_exhaustive()
    }
}

/// The kinds of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// 0: no such item or command.
    Missing,
    /// 1: a value that will not do.
    Argument,
    /// 2: interrupted, as by `/cancel`.
    Interrupted,
    /// 3: a script failed.
    Scripting,
    /// 4: a general failure.
    General,
    /// 5: about the API itself.
    Api,
    /// 6: about the terminal.
    Terminal,
    /// 7: a value made by `:return`.
    Returned,
    /// One without a published meaning.
    Other,
}

impl Category {
    fn from_bytes(bytes: &[u8]) -> Self {
        match bytes {
            b"0" => Self::Missing,
            b"1" => Self::Argument,
            b"2" => Self::Interrupted,
            b"3" => Self::Scripting,
            b"4" => Self::General,
            b"5" => Self::Api,
            b"6" => Self::Terminal,
            b"7" => Self::Returned,
            _ => Self::Other,
        }
    }
}

impl Received {
    /// Reads a sentence. The tag may stand anywhere after the reply word, and attributes nobody asked for are kept.
    ///
    /// # Errors
    /// When the first word is no reply word.
    pub fn read(sentence: Sentence) -> Result<Self, WireError> {
        let mut tag = Tag::None;
        for word in sentence.words().skip(1) {
            if let Some(text) = word.strip_prefix(b".tag=") {
                let number = str::from_utf8(text)
                    .ok()
                    .and_then(|digits| digits.parse().ok());
                tag = number.map_or(Tag::Foreign, Tag::Number);
                break;
            }
        }
        let kind = sentence.words().next().unwrap_or_default();
        let reply = match kind {
            b"!re" => Reply::Re(Row(sentence)),
            b"!done" => Reply::Done(Row(sentence)),
            b"!empty" => Reply::Empty,
            b"!trap" => {
                let extra = Row(sentence);
                Reply::Trap(Trap {
                    category: extra.bytes("category").map(Category::from_bytes),
                    message: extra.text("message").unwrap_or_default().into_owned(),
                    extra,
                })
            }
            b"!fatal" => {
                // The reason comes as a bare word; the attribute form is taken too.
                let bare = sentence
                    .words()
                    .skip(1)
                    .find(|word| !word.starts_with(b"=") && !word.starts_with(b"."));
                let bare = bare.map(|word| String::from_utf8_lossy(word).into_owned());
                let row = Row(sentence);
                Reply::Fatal(
                    bare.or_else(|| row.text("message").map(Cow::into_owned))
                        .unwrap_or_default(),
                )
            }
            _ => return Err(WireError::NotAReply),
        };
        Ok(Self { tag, reply })
    }
}
