//! The byte codec of the RouterOS API: words and sentences to bytes and back, without I/O. What a sentence means is in `reply`.
//!
//! Words are bytes, not text: comments made in `WinBox` are in the code page of whoever wrote them.

mod reply;
#[cfg(test)]
mod tests;

use std::fmt;

use thiserror::Error;

pub use reply::{Category, Received, Reply, Row, Tag, Trap};

/// Bounds on what a router may send. Beyond them the connection is given up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes in one word.
    pub word: usize,
    /// Words in one sentence.
    pub words: usize,
    /// Bytes in one sentence, all words together.
    pub sentence: usize,
}

impl Limits {
    /// Room for every menu this program reads, in a process that must live in 32 MB.
    pub const USUAL: Self = Self {
        word: 1 << 20,
        words: 512,
        sentence: 2 << 20,
    };
}

/// Says why bytes are not the RouterOS API.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum WireError {
    /// A first length byte of 0xF8 or more: a control byte without a defined meaning.
    #[error("control byte {0:#04x} where a word length should be: not a RouterOS API port?")]
    ControlByte(u8),
    /// A word beyond the limit.
    #[error("a word of {announced} bytes, more than the {limit} allowed")]
    WordTooLong {
        /// What the length said.
        announced: usize,
        /// What is allowed.
        limit: usize,
    },
    /// A sentence beyond one of the limits.
    #[error("a sentence of more than {words} words or {bytes} bytes")]
    SentenceTooLong {
        /// Words allowed.
        words: usize,
        /// Bytes allowed.
        bytes: usize,
    },
    /// A sentence that does not begin with a known reply word.
    #[error("a sentence that is no reply")]
    NotAReply,
}

/// One sentence: its words in one buffer.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sentence {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Sentence {
    /// Gives the words in order.
    pub fn words(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts
            .zip(&self.ends)
            .filter_map(|(start, end)| self.bytes.get(start..*end))
    }

    /// Counts the words.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Says whether there is no word at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Counts the bytes of all words.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len()
    }
}

/// Shows the words' names only: the values may be codes and passwords.
impl fmt::Debug for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.words().map(|word| {
            let value = word
                .iter()
                .skip(1)
                .position(|byte| *byte == b'=')
                .map_or(word.len(), |at| at + 1);
            String::from_utf8_lossy(word.get(..value).unwrap_or_default()).into_owned()
        });
        f.debug_list().entries(names).finish()
    }
}

/// Appends a word: its length, then its bytes.
pub fn put_word(out: &mut Vec<u8>, word: &[u8]) {
    // Longer words cannot be announced; nothing here writes one, and a cut word would only be refused by the router.
    let length = u32::try_from(word.len()).unwrap_or(u32::MAX);
    let [a, b, c, d] = length.to_be_bytes();
    match length {
        0..=0x7F => out.push(d),
        0x80..=0x3FFF => out.extend([c | 0x80, d]),
        0x4000..=0x001F_FFFF => out.extend([b | 0xC0, c, d]),
        0x0020_0000..=0x0FFF_FFFF => out.extend([a | 0xE0, b, c, d]),
        0x1000_0000.. => out.extend([0xF0, a, b, c, d]),
    }
    out.extend_from_slice(word);
}

/// Ends a sentence. The router acts on it only after this.
pub fn end_sentence(out: &mut Vec<u8>) {
    out.push(0);
}

/// Appends a whole sentence.
pub fn put_sentence<'a>(out: &mut Vec<u8>, words: impl IntoIterator<Item = &'a [u8]>) {
    for word in words {
        put_word(out, word);
    }
    end_sentence(out);
}

/// Turns bytes, in pieces of any size, into sentences. Each byte is looked at once.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    sentence: Sentence,
    reading: Reading,
}

#[derive(Clone, Copy, Debug)]
enum Reading {
    /// At a word's first byte.
    Start,
    /// In a length: what it is so far, and the bytes still to come.
    Length { so_far: usize, missing: u8 },
    /// In a word: the bytes still to come.
    Word { missing: usize },
}

impl Decoder {
    /// Starts at the beginning of a connection.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            sentence: Sentence::default(),
            reading: Reading::Start,
        }
    }

    /// Takes bytes from `input` until a sentence is whole, and leaves the rest there; `None` when more bytes are needed. Empty
    /// sentences are passed over.
    ///
    /// # Errors
    /// When the bytes cannot be the RouterOS API or go beyond the limits. The decoder is of no use after that.
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Sentence>, WireError> {
        loop {
            match self.reading {
                Reading::Start => {
                    let Some(first) = take_byte(input) else {
                        return Ok(None);
                    };
                    let (so_far, missing) = match first {
                        0x00 => {
                            if self.sentence.is_empty() {
                                continue;
                            }
                            return Ok(Some(std::mem::take(&mut self.sentence)));
                        }
                        0x01..=0x7F => (first, 0),
                        0x80..=0xBF => (first & 0x3F, 1),
                        0xC0..=0xDF => (first & 0x1F, 2),
                        0xE0..=0xEF => (first & 0x0F, 3),
                        0xF0..=0xF7 => (0, 4),
                        0xF8..=0xFF => return Err(WireError::ControlByte(first)),
                    };
                    self.length(usize::from(so_far), missing)?;
                }
                Reading::Length { so_far, missing } => {
                    let Some(byte) = take_byte(input) else {
                        return Ok(None);
                    };
                    let so_far = so_far
                        .checked_mul(256)
                        .and_then(|high| high.checked_add(usize::from(byte)));
                    self.length(so_far.unwrap_or(usize::MAX), missing.saturating_sub(1))?;
                }
                Reading::Word { missing } => {
                    let (now, rest) = input.split_at(missing.min(input.len()));
                    self.sentence.bytes.extend_from_slice(now);
                    *input = rest;
                    let missing = missing - now.len();
                    if missing > 0 {
                        self.reading = Reading::Word { missing };
                        return Ok(None);
                    }
                    self.sentence.ends.push(self.sentence.bytes.len());
                    self.reading = Reading::Start;
                }
            }
        }
    }

    fn length(&mut self, so_far: usize, missing: u8) -> Result<(), WireError> {
        if missing > 0 {
            self.reading = Reading::Length { so_far, missing };
            return Ok(());
        }
        let Limits {
            word,
            words,
            sentence,
        } = self.limits;
        if so_far > word {
            return Err(WireError::WordTooLong {
                announced: so_far,
                limit: word,
            });
        }
        if self.sentence.len() >= words || self.sentence.size().saturating_add(so_far) > sentence {
            return Err(WireError::SentenceTooLong {
                words,
                bytes: sentence,
            });
        }
        self.reading = Reading::Word { missing: so_far };
        Ok(())
    }
}

fn take_byte(input: &mut &[u8]) -> Option<u8> {
    let (first, rest) = input.split_first()?;
    *input = rest;
    Some(*first)
}
