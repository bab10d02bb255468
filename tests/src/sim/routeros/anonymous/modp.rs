//! Diffie-Hellman in the 2,048-bit group of RFC 3526: one modular power, by Montgomery's method.

/// Numbers of 2,048 bits, least part first.
type Number = [u32; LIMBS];

const LIMBS: usize = 64;
/// The bytes of a number on the wire.
pub(super) const BYTES: usize = LIMBS * 4;
/// The generator.
pub(super) const GENERATOR: u8 = 2;

/// The prime, most significant byte first.
const PRIME: &str = "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa051015728e5a8aacaa68ffffffffffffffff";

/// Returns the prime as bytes.
pub(super) fn prime() -> Vec<u8> {
    hex::decode(PRIME).expect("the constant is hexadecimal")
}

/// Returns `base` to the power of `exponent` modulo the prime, in full length; nothing for a base no honest side sends.
pub(super) fn power(base: &[u8], exponent: &[u8]) -> Option<Vec<u8>> {
    let prime = number(&prime())?;
    let base = number(base)?;
    let one = number(&[1])?;
    let most = subtract(&prime, &one).0;
    if subtract(&one, &base).1 != 1 || subtract(&base, &most).1 != 1 {
        return None;
    }
    // 2^2048 and its square modulo the prime, by doubling.
    let mut radix = one;
    for _ in 0..32 * LIMBS {
        radix = double(&radix, &prime);
    }
    let mut square = radix;
    for _ in 0..32 * LIMBS {
        square = double(&square, &prime);
    }
    let base = times(&base, &square, &prime);
    let mut result = radix;
    for byte in exponent {
        for bit in (0..8).rev() {
            result = times(&result, &result, &prime);
            if byte >> bit & 1 == 1 {
                result = times(&result, &base, &prime);
            }
        }
    }
    let result = times(&result, &one, &prime);
    Some(
        result
            .iter()
            .rev()
            .flat_map(|limb| limb.to_be_bytes())
            .collect(),
    )
}

fn number(bytes: &[u8]) -> Option<Number> {
    let start = bytes.iter().position(|byte| *byte != 0)?;
    let bytes = &bytes[start..];
    if bytes.len() > BYTES {
        return None;
    }
    let mut number = [0; LIMBS];
    for (at, byte) in bytes.iter().rev().enumerate() {
        number[at / 4] |= u32::from(*byte) << (at % 4 * 8);
    }
    Some(number)
}

fn low(wide: u64) -> u32 {
    u32::try_from(wide & u64::from(u32::MAX)).expect("masked to 32 bits")
}

/// Returns `a - b` and what had to be borrowed.
fn subtract(a: &Number, b: &Number) -> (Number, u64) {
    let mut out = [0; LIMBS];
    let mut borrow = 0;
    for at in 0..LIMBS {
        let wide = (1_u64 << 32) + u64::from(a[at]) - u64::from(b[at]) - borrow;
        out[at] = low(wide);
        borrow = 1 - (wide >> 32);
    }
    (out, borrow)
}

fn double(a: &Number, prime: &Number) -> Number {
    let mut out = [0; LIMBS];
    let mut carry = 0;
    for at in 0..LIMBS {
        let wide = u64::from(a[at]) * 2 + carry;
        out[at] = low(wide);
        carry = wide >> 32;
    }
    let (less, borrow) = subtract(&out, prime);
    if carry >= borrow { less } else { out }
}

/// Montgomery's product. The prime ends in 32 ones, so the factor of each step is the lowest limb itself.
fn times(a: &Number, b: &Number, prime: &Number) -> Number {
    let mut sum = [0_u32; LIMBS + 2];
    for factor in b {
        let mut carry = 0;
        for at in 0..LIMBS {
            let wide = u64::from(a[at]) * u64::from(*factor) + u64::from(sum[at]) + carry;
            sum[at] = low(wide);
            carry = wide >> 32;
        }
        let wide = u64::from(sum[LIMBS]) + carry;
        sum[LIMBS] = low(wide);
        sum[LIMBS + 1] = low(wide >> 32);
        let step = u64::from(sum[0]);
        let mut carry = (step * u64::from(prime[0]) + u64::from(sum[0])) >> 32;
        for at in 1..LIMBS {
            let wide = step * u64::from(prime[at]) + u64::from(sum[at]) + carry;
            sum[at - 1] = low(wide);
            carry = wide >> 32;
        }
        let wide = u64::from(sum[LIMBS]) + carry;
        sum[LIMBS - 1] = low(wide);
        sum[LIMBS] = low(u64::from(sum[LIMBS + 1]) + (wide >> 32));
    }
    let mut out = [0; LIMBS];
    out.copy_from_slice(&sum[..LIMBS]);
    let (less, borrow) = subtract(&out, prime);
    if u64::from(sum[LIMBS]) >= borrow {
        less
    } else {
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_powers_are_what_they_are_and_both_sides_meet() {
        let mut eight = vec![0; BYTES];
        eight[BYTES - 1] = 8;
        assert_eq!(power(&[2], &[3]).unwrap(), eight);
        let (one, other) = ([0x5A; 32], [0xC3; 32]);
        let (sent, got) = (power(&[2], &one).unwrap(), power(&[2], &other).unwrap());
        assert_eq!(power(&got, &one), power(&sent, &other));
        let mut below = prime();
        below[BYTES - 1] -= 1;
        assert_eq!(power(&below, &[2]), None, "nor does anybody send p - 1");
        assert_eq!(power(&[1], &[2]), None);
        assert_eq!(power(&prime(), &[2]), None);
    }

    #[test]
    fn fermat_holds() {
        let mut exponent = prime();
        exponent[BYTES - 1] -= 1;
        let mut one = vec![0; BYTES];
        one[BYTES - 1] = 1;
        assert_eq!(power(&[3], &exponent).unwrap(), one);
    }
}
