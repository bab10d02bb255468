//! API framing: words, sentences and the length prefix in both directions. Meaning of words is in `sentence.rs`.

/// Limits a router sets on what a client may send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) word: usize,
    pub(crate) sentence: usize,
    pub(crate) words: usize,
}

impl Limits {
    /// The unpublished limit before login: enough for any login, not for more.
    pub(crate) const STRANGER: Self = Self {
        word: 1024,
        sentence: 4096,
        words: 32,
    };
    pub(crate) const MEMBER: Self = Self {
        word: 4 << 20,
        sentence: 8 << 20,
        words: 4096,
    };
}

/// Why the router hangs up on a byte stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    #[error("reserved control byte {0:#04x}")]
    Control(u8),
    #[error("sentence over the limit")]
    TooLong,
}

/// Cuts a byte stream into sentences.
#[derive(Debug)]
pub(crate) struct Decoder {
    buffer: Vec<u8>,
    read: usize,
    words: Vec<Vec<u8>>,
    size: usize,
    limits: Limits,
}

impl Decoder {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            buffer: Vec::new(),
            read: 0,
            words: Vec::new(),
            size: 0,
            limits,
        }
    }

    pub(crate) fn relax(&mut self, limits: Limits) {
        self.limits = limits;
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.read);
        self.read = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Returns the next whole sentence that is not empty.
    pub(crate) fn pull(&mut self) -> Result<Option<Vec<Vec<u8>>>, FrameError> {
        loop {
            let Some((length, prefix)) = length(&self.buffer[self.read..])? else {
                return Ok(None);
            };
            if length > self.limits.word {
                return Err(FrameError::TooLong);
            }
            let start = self.read + prefix;
            let Some(word) = self.buffer.get(start..start + length) else {
                return Ok(None);
            };
            if length > 0 {
                self.size += length;
                if self.size > self.limits.sentence || self.words.len() >= self.limits.words {
                    return Err(FrameError::TooLong);
                }
                self.words.push(word.to_vec());
                self.read = start + length;
                continue;
            }
            self.read = start;
            self.size = 0;
            if !self.words.is_empty() {
                return Ok(Some(std::mem::take(&mut self.words)));
            }
        }
    }
}

/// Reads a length prefix of any form: (length, bytes of prefix).
fn length(bytes: &[u8]) -> Result<Option<(usize, usize)>, FrameError> {
    let Some(&first) = bytes.first() else {
        return Ok(None);
    };
    let (prefix, mask) = match first {
        0x00..=0x7F => (1, 0x7F),
        0x80..=0xBF => (2, 0x3F),
        0xC0..=0xDF => (3, 0x1F),
        0xE0..=0xEF => (4, 0x0F),
        0xF0..=0xF7 => (5, 0x00),
        0xF8..=0xFF => return Err(FrameError::Control(first)),
    };
    let Some(rest) = bytes.get(1..prefix) else {
        return Ok(None);
    };
    let length = rest.iter().fold(usize::from(first & mask), |sum, byte| {
        (sum << 8) | usize::from(*byte)
    });
    Ok(Some((length, prefix)))
}

/// Appends one word with the shortest prefix.
pub(crate) fn word(out: &mut Vec<u8>, word: &[u8]) {
    let length = u32::try_from(word.len()).unwrap_or(u32::MAX);
    let bytes = length.to_be_bytes();
    match length {
        0..=0x7F => out.push(bytes[3]),
        0x80..=0x3FFF => out.extend([bytes[2] | 0x80, bytes[3]]),
        0x4000..=0x1F_FFFF => out.extend([bytes[1] | 0xC0, bytes[2], bytes[3]]),
        0x20_0000..=0xFFF_FFFF => out.extend([bytes[0] | 0xE0, bytes[1], bytes[2], bytes[3]]),
        _ => {
            out.push(0xF0);
            out.extend(bytes);
        }
    }
    out.extend_from_slice(word);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sentence(words: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        for each in words {
            word(&mut out, each);
        }
        out.push(0);
        out
    }

    #[test]
    fn lengths_take_the_published_forms() {
        for (length, prefix) in [
            (0x7F_usize, vec![0x7F_u8]),
            (0x80, vec![0x80, 0x80]),
            (0x3FFF, vec![0xBF, 0xFF]),
            (0x4000, vec![0xC0, 0x40, 0x00]),
            (0x1F_FFFF, vec![0xDF, 0xFF, 0xFF]),
            (0x20_0000, vec![0xE0, 0x20, 0x00, 0x00]),
        ] {
            let mut out = Vec::new();
            word(&mut out, &vec![b'x'; length]);
            assert_eq!(out[..prefix.len()], prefix[..], "{length:#x}");
            assert_eq!(super::length(&out).unwrap(), Some((length, prefix.len())));
        }
    }

    #[test]
    fn a_five_byte_prefix_on_a_short_word_is_read() {
        let mut decoder = Decoder::new(Limits::STRANGER);
        decoder.push(b"\xF0\0\0\0\x05/quit\0");
        assert_eq!(decoder.pull().unwrap().unwrap(), [b"/quit".to_vec()]);
    }

    #[test]
    fn control_bytes_and_giants_are_refused_and_empty_sentences_skipped() {
        let mut decoder = Decoder::new(Limits::STRANGER);
        decoder.push(b"\0\0\0\x01x\0");
        assert_eq!(decoder.pull().unwrap().unwrap(), [b"x".to_vec()]);
        decoder.push(&[0xF8]);
        assert_eq!(decoder.pull(), Err(FrameError::Control(0xF8)));
        let mut decoder = Decoder::new(Limits::STRANGER);
        decoder.push(&[0xF0, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(decoder.pull(), Err(FrameError::TooLong));
    }

    proptest! {
        #[test]
        fn any_cut_of_the_stream_gives_the_same_sentence(
            words in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 1..6),
            cut in 1_usize..40,
        ) {
            let refs: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            let bytes = sentence(&refs);
            let mut decoder = Decoder::new(Limits::STRANGER);
            let mut seen = Vec::new();
            for part in bytes.chunks(cut) {
                decoder.push(part);
                while let Some(found) = decoder.pull().unwrap() {
                    seen.push(found);
                }
            }
            prop_assert_eq!(seen, vec![words]);
        }
    }
}
