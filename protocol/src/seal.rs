//! An anonymous sealed box to an Ed25519 identity: only the holder of that key can open it, and only under the context it was sealed for.
//!
//! For secrets inside frames and feed rows (series keys), since a proxy may end TLS. It says nothing about who sealed it: the frame that
//! carries it is signed. The ephemeral key is the caller's fresh randomness.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use ed25519_dalek::{SigningKey, VerifyingKey};
use hkdf::Hkdf;
use sha2::Sha256;
use thiserror::Error;
use x25519_dalek::{PublicKey, SharedSecret, StaticSecret};
use zeroize::Zeroizing;

use crate::ids::{SeriesId, SiteId};

/// X25519, HKDF-SHA-256, ChaCha20-Poly1305. The first byte of every box.
const SUITE: u8 = 1;
const INFO: &[u8] = b"mnara seal 1";
const PUBLIC: usize = 32;

/// Says that a box does not open: damaged, for somebody else, or for another context.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the sealed box does not open with this key in this context")]
pub struct BadSeal;

/// The context of a series key that is sealed for one site.
#[must_use]
pub fn series_key_context(series: SeriesId, site: SiteId) -> Vec<u8> {
    [
        b"mnara series key".as_slice(),
        series.as_bytes(),
        site.as_bytes(),
    ]
    .concat()
}

/// Seals: suite byte ‖ ephemeral public key ‖ ciphertext and tag.
#[must_use]
pub fn seal(to: &VerifyingKey, context: &[u8], plain: &[u8], ephemeral: [u8; 32]) -> Vec<u8> {
    let to = PublicKey::from(to.to_montgomery().to_bytes());
    let secret = StaticSecret::from(ephemeral);
    let public = PublicKey::from(&secret);
    let cipher = cipher(&secret.diffie_hellman(&to), &public, &to);
    let payload = Payload {
        msg: plain,
        aad: context,
    };
    let mut sealed = Vec::with_capacity(1 + PUBLIC + plain.len() + 16);
    sealed.push(SUITE);
    sealed.extend_from_slice(public.as_bytes());
    // Every box has its own key, so the nonce never changes.
    let Ok(ciphertext) = cipher.encrypt(&Nonce::default(), payload) else {
        unreachable!("only more than 256 GB of text cannot be encrypted");
    };
    sealed.extend_from_slice(&ciphertext);
    sealed
}

/// Opens a box.
///
/// # Errors
/// [`BadSeal`], and no more than that.
pub fn open(
    with: &SigningKey,
    context: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, BadSeal> {
    let (&SUITE, rest) = sealed.split_first().ok_or(BadSeal)? else {
        return Err(BadSeal);
    };
    let (public, ciphertext) = rest.split_first_chunk::<PUBLIC>().ok_or(BadSeal)?;
    let public = PublicKey::from(*public);
    let secret = StaticSecret::from(*Zeroizing::new(with.to_scalar_bytes()));
    let shared = secret.diffie_hellman(&public);
    if !shared.was_contributory() {
        return Err(BadSeal);
    }
    let cipher = cipher(&shared, &public, &PublicKey::from(&secret));
    let payload = Payload {
        msg: ciphertext,
        aad: context,
    };
    cipher
        .decrypt(&Nonce::default(), payload)
        .map(Zeroizing::new)
        .map_err(|_| BadSeal)
}

fn cipher(shared: &SharedSecret, ephemeral: &PublicKey, to: &PublicKey) -> ChaCha20Poly1305 {
    let salt = [*ephemeral.as_bytes(), *to.as_bytes()].concat();
    let mut key = Zeroizing::new([0; 32]);
    let Ok(()) = Hkdf::<Sha256>::new(Some(&salt), shared.as_bytes()).expand(INFO, key.as_mut())
    else {
        unreachable!("32 bytes are fewer than HKDF can give");
    };
    ChaCha20Poly1305::new((&*key).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_and_the_context_open_it() {
        let key = SigningKey::from_bytes(&[5; 32]);
        let sealed = seal(&key.verifying_key(), b"here", b"a series key", [6; 32]);

        assert_eq!(
            open(&key, b"here", &sealed).as_deref(),
            Ok(&b"a series key".to_vec())
        );
        assert_eq!(open(&key, b"there", &sealed), Err(BadSeal));
        assert_eq!(
            open(&SigningKey::from_bytes(&[7; 32]), b"here", &sealed),
            Err(BadSeal)
        );
        for place in 0..sealed.len() {
            let mut damaged = sealed.clone();
            // The highest bit of an X25519 key is ignored, so flip a lower one.
            damaged[place] ^= 1;
            assert_eq!(open(&key, b"here", &damaged), Err(BadSeal), "byte {place}");
            assert_eq!(open(&key, b"here", &sealed[..place]), Err(BadSeal));
        }
        let other = seal(&key.verifying_key(), b"here", b"a series key", [8; 32]);
        assert_ne!(sealed[33..], other[33..]);
    }

    #[test]
    fn a_box_from_a_key_of_small_order_is_refused() {
        let key = SigningKey::from_bytes(&[5; 32]);
        let mut sealed = seal(&key.verifying_key(), b"", b"x", [6; 32]);
        sealed[1..33].fill(0);
        assert_eq!(open(&key, b"", &sealed), Err(BadSeal));
    }
}
