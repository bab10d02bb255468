//! The MD5 challenge of old API log-ins and of CHAP pages.
use md5::{Digest, Md5};

/// Returns MD5 over an id byte, the password and the challenge.
pub(crate) fn response(id: u8, password: &[u8], challenge: &[u8]) -> [u8; 16] {
    let mut hash = Md5::new();
    hash.update([id]);
    hash.update(password);
    hash.update(challenge);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_to_the_empty_challenge_is_md5_of_id_and_password() {
        assert_eq!(
            hex::encode(response(b'a', b"b", b"c")),
            "900150983cd24fb0d6963f7d28e17f72"
        );
    }
}
