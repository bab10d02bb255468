//! The clock question: a bare nonce to the controller and its signed time back. For an agent that cannot check a certificate's dates
//! because it does not know the date. Nothing else may travel on such a connection; how it travels is the callers' business.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use thiserror::Error;

use super::{KeyId, SUITE};
use crate::clock::Timestamp;

const CONTEXT: &[u8] = b"mnara clock 1";
const QUESTION: usize = 1 + 32;
const COVERED: usize = QUESTION + 8 + 8;
const ANSWER: usize = COVERED + 64;

/// Says why an answer tells no time.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("not the signed time of a pinned controller key for this nonce")]
pub struct BadClockAnswer;

/// The question: suite byte and nonce.
#[must_use]
pub fn clock_question(nonce: [u8; 32]) -> Vec<u8> {
    let mut question = Vec::with_capacity(QUESTION);
    question.push(SUITE);
    question.extend_from_slice(&nonce);
    question
}

/// Reads a question's nonce, if it is one.
#[must_use]
pub fn read_clock_question(question: &[u8]) -> Option<[u8; 32]> {
    match question {
        [SUITE, nonce @ ..] => nonce.try_into().ok(),
        _ => None,
    }
}

/// The answer: suite byte, nonce, key id, milliseconds since 1970 (big-endian), signature over context and all of that.
#[must_use]
pub fn clock_answer(signing: &SigningKey, nonce: [u8; 32], wall: Timestamp) -> Vec<u8> {
    let mut signed = Vec::with_capacity(CONTEXT.len() + ANSWER);
    signed.extend_from_slice(CONTEXT);
    signed.extend_from_slice(&clock_question(nonce));
    signed.extend_from_slice(&KeyId::of(&signing.verifying_key()).0);
    signed.extend_from_slice(&wall.as_millis().to_be_bytes());
    let signature = signing.sign(&signed).to_bytes();
    signed.drain(..CONTEXT.len());
    signed.extend_from_slice(&signature);
    signed
}

/// Reads the time out of an answer, if a pinned key signed it for this nonce.
///
/// # Errors
/// [`BadClockAnswer`] for anything else.
pub fn verify_clock_answer(
    pinned: &[VerifyingKey],
    nonce: [u8; 32],
    answer: &[u8],
) -> Result<Timestamp, BadClockAnswer> {
    if answer.len() != ANSWER || answer[..QUESTION] != clock_question(nonce) {
        return Err(BadClockAnswer);
    }
    let (covered, signature) = answer.split_at(COVERED);
    let signature = Signature::from_slice(signature).map_err(|_| BadClockAnswer)?;
    let (id, millis) = covered[QUESTION..].split_at(8);
    let key = pinned
        .iter()
        .find(|key| KeyId::of(key).0 == *id)
        .ok_or(BadClockAnswer)?;
    let mut signed = CONTEXT.to_vec();
    signed.extend_from_slice(covered);
    key.verify_strict(&signed, &signature)
        .map_err(|_| BadClockAnswer)?;
    let millis = millis.try_into().map_err(|_| BadClockAnswer)?;
    Ok(Timestamp::from_millis(i64::from_be_bytes(millis)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pinned_key_tells_the_time_and_only_for_the_nonce_asked() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let pinned = [
            SigningKey::from_bytes(&[2; 32]).verifying_key(),
            key.verifying_key(),
        ];
        let wall = Timestamp::from_millis(1_790_000_000_123);
        let nonce = read_clock_question(&clock_question([9; 32])).unwrap();
        let answer = clock_answer(&key, nonce, wall);

        assert_eq!(verify_clock_answer(&pinned, [9; 32], &answer), Ok(wall));
        assert!(verify_clock_answer(&pinned, [8; 32], &answer).is_err());
        assert!(verify_clock_answer(&pinned[..1], [9; 32], &answer).is_err());
        for place in 0..answer.len() {
            let mut damaged = answer.clone();
            damaged[place] ^= 1;
            assert!(verify_clock_answer(&pinned, [9; 32], &damaged).is_err());
            assert!(verify_clock_answer(&pinned, [9; 32], &answer[..place]).is_err());
        }
        assert_eq!(read_clock_question(&[1; 32]), None);
        assert_eq!(read_clock_question(&[2; 33]), None);
    }
}
