//! Printed batches: one record from which every code of the batch derives, so that 100,000 tickets reach a site as about 100 bytes.
//!
//! Finding a typed code is in `table`. Which numbers are spent is the caller's bitmap; how a key travels sealed is in `seal`.

mod table;

use hmac::{Hmac, KeyInit, Mac as _};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::ZeroizeOnDrop;

use super::code::{self, TicketCode};
use super::{Place, Right};
use crate::ids::{SeriesId, SiteId, TicketId};
use crate::money::Money;
use crate::numbered::numbered;

pub use table::{Numbers, Table, Unfinished, numbers};

/// The most tickets of one series; larger print runs are several series.
pub const MAX_COUNT: u32 = 250_000;

/// The most skipped numbers of one series, so that its record stays one small row.
pub const MAX_SKIPPED: usize = 10_000;

/// The tries an attacker has at one site, sustained: the throttle lets one wrong code a second through.
const TRIES_PER_SECOND: f64 = 1.0;

numbered! {
    /// Which letters a series' codes use.
    pub enum Alphabet {
        /// Crockford's base 32: five bits a character.
        0 Crockford,
        /// Ten digits, for keypads.
        1 Digits,
    }
}

numbered! {
    /// Where a printed code is honoured while the controller cannot be asked.
    pub enum CutOff {
        /// Only at the series' home site.
        0 HomeOnly,
        /// At every site of its scope; double use is settled afterwards.
        1 Anywhere,
    }
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
    #[cbor(n(11), with = "minicbor::bytes")]
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

impl Series {
    /// Says whether a code of this series is good at a site, which has the series and so is in its scope. A policy that only a later
    /// version knows is taken as the strictest of those known here: nowhere can it be used twice.
    #[must_use]
    pub fn place(&self, site: SiteId, cloud: Cloud) -> Place {
        match (cloud, self.cut_off) {
            (Cloud::Reachable, _) | (Cloud::Away, CutOff::Anywhere) => Place::Good,
            (Cloud::Away, CutOff::HomeOnly | CutOff::Other(_)) if site == self.home => Place::Good,
            (Cloud::Away, CutOff::HomeOnly | CutOff::Other(_)) => Place::CutOff,
        }
    }
}

/// Whether the controller can be asked at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// The link is up.
    Reachable,
    /// It is not.
    Away,
}

/// The secret that the codes of one series derive from: whoever has it can print them.
#[derive(Clone, ZeroizeOnDrop)]
pub struct SeriesKey([u8; 32]);

impl SeriesKey {
    /// Takes 32 random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Gives the bytes, to be sealed or encrypted.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for SeriesKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SeriesKey(…)")
    }
}

/// Why no codes can have the wanted form.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum BadForm {
    /// Too short to be safe or too long to be typed.
    #[error("a code has 6 to 16 characters")]
    Length,
    /// A later version's letters.
    #[error("codes have Crockford's letters or digits")]
    Alphabet,
    /// The prefix holds something a code cannot.
    #[error(
        "a prefix has capital letters and digits only, without I, L, O and U; only digits when the codes are digits"
    )]
    Prefix,
    /// The prefix leaves too few places to tell codes apart.
    #[error("at least four characters must follow the prefix")]
    NoRoom,
    /// Every code would be twelve hexadecimal digits.
    #[error(
        "twelve digits look like a MAC address, which RouterOS refuses as a user name: choose another length or use letters"
    )]
    MacShaped,
}

/// Checks the form of a new series' codes and gives the number of characters after the prefix.
///
/// # Errors
/// [`BadForm`] says what to choose differently.
pub fn check_form(prefix: &str, alphabet: Alphabet, length: u8) -> Result<u8, BadForm> {
    let whole = usize::from(length);
    if !(code::MIN_LENGTH..=code::MAX_LENGTH).contains(&whole) {
        return Err(BadForm::Length);
    }
    let fits = |letter: char| match alphabet {
        Alphabet::Crockford => code::crockford(letter) == Some(letter),
        Alphabet::Digits => letter.is_ascii_digit(),
        Alphabet::Other(_) => false,
    };
    if !prefix.chars().all(fits) {
        return Err(BadForm::Prefix);
    }
    let free = u8::try_from(whole.saturating_sub(prefix.len())).map_err(|_| BadForm::Length)?;
    if free < 4 {
        return Err(BadForm::NoRoom);
    }
    match alphabet {
        Alphabet::Digits if whole == code::PLATFORM_LENGTH => Err(BadForm::MacShaped),
        Alphabet::Digits | Alphabet::Crockford => Ok(free),
        Alphabet::Other(_) => Err(BadForm::Alphabet),
    }
}

/// Derives the code with this number.
///
/// `t` = the first 16 bytes of HMAC-SHA-256(key, number as 4 bytes, most significant first), read as one number, most significant
/// byte first. With `f` characters after the prefix, Crockford codes are the `f` lowest groups of five bits of `t`, the highest of
/// these groups first (exactly uniform, `f` ≤ 16); digit codes are `t` modulo 10^`f` with leading zeros (uneven by less than 10^-22).
/// A form that [`check_form`] refuses is not an error here but still gives one and the same code everywhere.
#[must_use]
pub fn code(
    key: &SeriesKey,
    series_prefix: &str,
    alphabet: Alphabet,
    length: u8,
    index: u32,
) -> TicketCode {
    Press::new(key, series_prefix, alphabet, length).code(index)
}

/// What prints codes: the key with its first blocks hashed, and the form.
#[derive(Clone)]
struct Press {
    mac: Hmac<Sha256>,
    prefix: String,
    alphabet: Alphabet,
    free: u32,
}

impl Press {
    fn new(key: &SeriesKey, prefix: &str, alphabet: Alphabet, length: u8) -> Self {
        let length = usize::from(length).clamp(code::MIN_LENGTH, code::MAX_LENGTH);
        let prefix: String = prefix
            .chars()
            .filter_map(code::crockford)
            .take(length)
            .collect();
        let free = u32::try_from(length - prefix.len()).unwrap_or(0);
        let Ok(mac) = Hmac::new_from_slice(key.as_bytes()) else {
            unreachable!("HMAC takes keys of any length");
        };
        Self {
            mac,
            prefix,
            alphabet,
            free,
        }
    }

    /// The characters after the prefix, as a number.
    fn value(&self, index: u32) -> u128 {
        let mut mac = self.mac.clone();
        mac.update(&index.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let mut first = [0; 16];
        first.copy_from_slice(&hash[..16]);
        let number = u128::from_be_bytes(first);
        match self.alphabet {
            Alphabet::Crockford | Alphabet::Other(_) => number & ((1 << (5 * self.free)) - 1),
            Alphabet::Digits => number % 10_u128.pow(self.free),
        }
    }

    fn code(&self, index: u32) -> TicketCode {
        self.letters(self.value(index))
    }

    fn letters(&self, value: u128) -> TicketCode {
        let radix = self.radix();
        let mut places = [0_u8; code::MAX_LENGTH];
        let free = usize::try_from(self.free).unwrap_or(0);
        let mut rest = value;
        for place in places[..free].iter_mut().rev() {
            *place = code::CROCKFORD[usize::try_from(rest % radix).unwrap_or(0)];
            rest /= radix;
        }
        let mut letters = String::with_capacity(self.prefix.len() + free);
        letters.push_str(&self.prefix);
        letters.extend(places[..free].iter().copied().map(char::from));
        TicketCode::from_letters(letters)
    }

    /// Reads a code back into its value, if it has this form at all.
    fn read(&self, code: &TicketCode) -> Option<u128> {
        let free = code.as_str().strip_prefix(&self.prefix)?;
        if u32::try_from(free.len()) != Ok(self.free) {
            return None;
        }
        let radix = self.radix();
        free.bytes().try_fold(0_u128, |value, letter| {
            let digit = code::CROCKFORD.iter().position(|other| *other == letter)?;
            let digit = u128::try_from(digit).ok().filter(|digit| *digit < radix)?;
            Some(value * radix + digit)
        })
    }

    const fn radix(&self) -> u128 {
        match self.alphabet {
            Alphabet::Crockford | Alphabet::Other(_) => 32,
            Alphabet::Digits => 10,
        }
    }
}

/// Says that codes of this form are so nearly used up that more than [`MAX_SKIPPED`] numbers would be skipped.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("too few codes of this length are free: choose longer codes or another prefix")]
pub struct Crowded;

/// Expected hits in a year by someone who tries codes at one site as fast as its throttle allows: live codes × tries per second ×
/// seconds of a year ÷ number of possible codes. Above 1, a form is refused.
#[must_use]
pub fn guesses_per_site_year(live: u64, alphabet: Alphabet, free_length: u8) -> f64 {
    let letters: f64 = match alphabet {
        Alphabet::Crockford | Alphabet::Other(_) => 32.0,
        Alphabet::Digits => 10.0,
    };
    let space = letters.powi(free_length.into());
    let seconds = 365.0 * 86_400.0;
    // Exact up to 4 billion live codes, more than a provider can have.
    f64::from(u32::try_from(live).unwrap_or(u32::MAX)) * TRIES_PER_SECOND * seconds / space
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

#[cfg(test)]
mod tests;
