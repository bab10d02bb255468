//! What a connection has received and not looked at yet.

use bytes::{Buf, BytesMut};

use super::error::Error;
use crate::routeros::wire::{Decoder, Received};

/// Room made for one read.
pub(super) const READ: usize = 8 << 10;

/// A connection's bytes on their way in: what the decoder holds and what it has not looked at yet.
pub(super) struct Inbox {
    pub(super) decoder: Decoder,
    pub(super) bytes: BytesMut,
}

impl Inbox {
    /// Gives the next reply that is already here.
    pub(super) fn next(&mut self) -> Result<Option<Received>, Error> {
        let mut input: &[u8] = &self.bytes;
        let before = input.len();
        let sentence = self.decoder.decode(&mut input)?;
        let taken = before - input.len();
        self.bytes.advance(taken);
        Ok(sentence.map(Received::read).transpose()?)
    }
}
