//! One number for all rows of a feed, in whatever order they are taken: two ends that hold the same rows have the same number.
//!
//! It tells damage and mistakes, not an enemy: frames are signed already.

use minicbor::{Decode, Encode};
use sha2::{Digest as _, Sha256};

/// The sum of the rows' hashes modulo 2^256.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct FeedDigest(#[cbor(n(0), with = "minicbor::bytes")] [u8; 32]);

impl FeedDigest {
    /// Of no rows: zero.
    pub const EMPTY: Self = Self([0; 32]);

    /// With one more row. A deleted row is none.
    #[must_use]
    pub fn with(self, kind: u16, id: &[u8; 16], body: &[u8]) -> Self {
        self.plus(&hash(kind, id, body))
    }

    /// Without a row that was in it.
    #[must_use]
    pub fn without(self, kind: u16, id: &[u8; 16], body: &[u8]) -> Self {
        let mut less = hash(kind, id, body).map(|byte| !byte);
        // Minus x is not x plus one.
        for byte in less.iter_mut().rev() {
            let (sum, carried) = byte.overflowing_add(1);
            *byte = sum;
            if !carried {
                break;
            }
        }
        self.plus(&less)
    }

    fn plus(self, other: &[u8; 32]) -> Self {
        let mut sum = self.0;
        let mut carry = 0_u16;
        for (place, byte) in sum.iter_mut().enumerate().rev() {
            let [high, low] = (u16::from(*byte) + u16::from(other[place]) + carry).to_be_bytes();
            *byte = low;
            carry = u16::from(high);
        }
        Self(sum)
    }
}

/// SHA-256("mnara feed row 1" ‖ kind (2 bytes) ‖ id (16) ‖ body).
fn hash(kind: u16, id: &[u8; 16], body: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"mnara feed row 1")
        .chain_update(kind.to_be_bytes())
        .chain_update(id)
        .chain_update(body)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sums_carry_over_all_bytes_and_wrap() {
        let most = FeedDigest([0xff; 32]);
        let mut one = [0; 32];
        one[31] = 1;
        assert_eq!(most.plus(&one), FeedDigest::EMPTY);
        let mut half = [0; 32];
        half[30] = 0xff;
        half[31] = 0xff;
        let mut carried = [0; 32];
        carried[29] = 1;
        assert_eq!(FeedDigest(half).plus(&one), FeedDigest(carried));
    }

    #[test]
    fn kind_id_and_body_all_count() {
        let of = |kind, id, body: &[u8]| FeedDigest::EMPTY.with(kind, &[id; 16], body);
        let one = of(1, 2, b"body");
        for other in [
            of(2, 2, b"body"),
            of(1, 3, b"body"),
            of(1, 2, b"bod"),
            of(1, 2, b""),
        ] {
            assert_ne!(one, other);
        }
        assert_ne!(one, one.with(1, &[2; 16], b"body"), "twice is not once");
    }

    proptest! {
        #[test]
        fn order_does_not_matter_and_what_went_leaves_nothing_behind(
            rows in prop::collection::vec((0..9_u16, any::<[u8; 16]>(), prop::collection::vec(any::<u8>(), 0..20)), 0..12),
            gone in (0..9_u16, any::<[u8; 16]>(), prop::collection::vec(any::<u8>(), 0..20)),
        ) {
            let sum = |digest: FeedDigest, row: &(u16, [u8; 16], Vec<u8>)| digest.with(row.0, &row.1, &row.2);
            let there = rows.iter().fold(FeedDigest::EMPTY, sum);
            let back = rows.iter().rev().fold(sum(FeedDigest::EMPTY, &gone), sum);
            prop_assert_eq!(back.without(gone.0, &gone.1, &gone.2), there);
        }
    }
}
