//! Printed batches: one record from which every code of the batch derives, so that 100,000 tickets reach a site as about 100 bytes.

use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

use super::Right;
use crate::ids::{SeriesId, SiteId, TicketId};
use crate::money::Money;

/// Which letters a series' codes use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Alphabet {
    /// Crockford's base 32: five bits a character.
    #[n(0)]
    Crockford,
    /// Ten digits, for keypads.
    #[n(1)]
    Digits,
}

/// Where a printed code is honoured while the controller cannot be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum CutOff {
    /// Only at the series' home site.
    #[n(0)]
    HomeOnly,
    /// At every site of its scope; double use is settled afterwards.
    #[n(1)]
    Anywhere,
}

/// One printed batch as a site knows it.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Series {
    /// Its id.
    #[n(0)]
    pub id: SeriesId,
    /// What each ticket gives.
    #[n(1)]
    pub right: Right,
    /// The plan's name, for the portal.
    #[n(2)]
    pub plan_name: String,
    /// What one ticket sells for.
    #[n(3)]
    pub price: Money,
    /// How many tickets.
    #[n(4)]
    pub count: u32,
    /// Numbers that were passed over because their code was taken, ascending.
    #[n(5)]
    pub skipped: Vec<u32>,
    /// Letters of the codes.
    #[n(6)]
    pub alphabet: Alphabet,
    /// Length of the codes, prefix included.
    #[n(7)]
    pub length: u8,
    /// Letters every code begins with.
    #[n(8)]
    pub prefix: String,
    /// Where it is at home.
    #[n(9)]
    pub home: SiteId,
    /// What holds when cut off.
    #[n(10)]
    pub cut_off: CutOff,
    /// The key, sealed to the agent's enrolment key.
    #[n(11)]
    pub sealed_key: Vec<u8>,
}

impl std::fmt::Debug for Series {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Series")
            .field("id", &self.id)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

/// The id of a printed ticket: both ends compute it, nobody sends a list.
#[must_use]
pub fn ticket_id(series: SeriesId, index: u32) -> TicketId {
    let hash = Sha256::new()
        .chain_update(b"mnara printed ticket")
        .chain_update(series.as_bytes())
        .chain_update(index.to_be_bytes())
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    // Version 8 of RFC 9562: made from a hash, no time in it.
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    TicketId::from_bytes(bytes)
}
