//! The signature of a frame: what it covers and how it ties a frame to one session, direction and place. No keys are kept here.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use super::{FrameError, Header, SIGNATURE, SUITE, unsigned};

const CONTEXT: &[u8] = b"mnara frame 1";
const PREFIX: usize = CONTEXT.len() + 32 + 1;

/// Who a frame comes from; part of what is signed, so that no frame can be sent back to its maker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the agent.
    Up,
    /// From the controller.
    Down,
}

impl Direction {
    const fn letter(self) -> u8 {
        match self {
            Self::Up => b'A',
            Self::Down => b'C',
        }
    }
}

/// The hash of the handshake so far, which every signature covers. After the Welcome it is the session id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding([u8; 32]);

impl Binding {
    /// Before the first message: 32 zero bytes.
    pub const EMPTY: Self = Self([0; 32]);

    /// The value after a handshake message: SHA-256 of the value before and the whole message, signature included.
    #[must_use]
    pub fn after(self, message: &[u8]) -> Self {
        Self(
            Sha256::new()
                .chain_update(self.0)
                .chain_update(message)
                .finalize()
                .into(),
        )
    }

    fn prefix(self, direction: Direction, out: &mut Vec<u8>) {
        out.extend_from_slice(CONTEXT);
        out.extend_from_slice(&self.0);
        out.push(direction.letter());
    }

    /// Writes a whole frame to `out`, which is cleared first. Without a key the signature is 64 zero bytes (Challenge only).
    pub(crate) fn write(
        self,
        direction: Direction,
        key: Option<&SigningKey>,
        header: Header,
        body: &[u8],
        out: &mut Vec<u8>,
    ) {
        out.clear();
        self.prefix(direction, out);
        out.push(SUITE);
        let Ok(()) = minicbor::encode(header, &mut *out) else {
            unreachable!("writing to a Vec cannot fail");
        };
        out.extend_from_slice(body);
        let signature = key.map_or([0; SIGNATURE], |key| key.sign(out).to_bytes());
        out.drain(..PREFIX);
        out.extend_from_slice(&signature);
    }

    /// Checks a whole message's signature.
    pub(crate) fn verify(
        self,
        direction: Direction,
        key: &VerifyingKey,
        message: &[u8],
    ) -> Result<(), FrameError> {
        let covered = unsigned(message)?;
        let signature =
            Signature::from_slice(&message[covered.len()..]).map_err(|_| FrameError::Malformed)?;
        let mut signed = Vec::with_capacity(PREFIX + covered.len());
        self.prefix(direction, &mut signed);
        signed.extend_from_slice(covered);
        key.verify_strict(&signed, &signature)
            .map_err(|_| FrameError::BadSignature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::{FrameNo, Kind, split};

    fn header() -> Header {
        Header {
            kind: Kind::Heartbeat.number(),
            number: FrameNo(7),
            flags: 0,
        }
    }

    #[test]
    fn a_frame_verifies_only_whole_in_its_session_direction_and_under_its_key() {
        let key = SigningKey::from_bytes(&[3; 32]);
        let binding = Binding::EMPTY.after(b"hello");
        let mut frame = vec![1, 2, 3];
        binding.write(Direction::Up, Some(&key), header(), b"body", &mut frame);

        let peer = key.verifying_key();
        assert_eq!(binding.verify(Direction::Up, &peer, &frame), Ok(()));
        assert_eq!(split(&frame), Ok((header(), b"body".as_slice())));

        assert!(binding.verify(Direction::Down, &peer, &frame).is_err());
        assert!(Binding::EMPTY.verify(Direction::Up, &peer, &frame).is_err());
        let other = SigningKey::from_bytes(&[4; 32]).verifying_key();
        assert!(binding.verify(Direction::Up, &other, &frame).is_err());
        for place in 0..frame.len() {
            let mut damaged = frame.clone();
            damaged[place] ^= 1;
            assert!(
                binding.verify(Direction::Up, &peer, &damaged).is_err(),
                "byte {place}"
            );
            assert!(
                binding
                    .verify(Direction::Up, &peer, &frame[..place])
                    .is_err()
            );
        }
    }
}
