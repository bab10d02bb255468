//! The bytes on the wire, kept under `golden/` as hexadecimal text and compared byte for byte: an old agent is a fact for years.
//!
//! A file that is there is never written again by a test. The bytes of a new message, which has no file, are in the words of the test that
//! fails for want of it.

#![expect(clippy::unwrap_used, reason = "what fails here should say where")]

mod bodies;
mod frames;
mod things;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use crate::bodies::*;
use crate::frames::*;
use crate::things::*;
use minicbor::Decoder;
use minicbor::data::Type;
use mnara_protocol::enrol::{Enrolled, sign_claim, sign_enrolled, sign_identity};
use mnara_protocol::frame::{clock_answer, clock_question};
use mnara_protocol::grant::{Grant, Step};
use mnara_protocol::ids::*;
use mnara_protocol::message::*;
use mnara_protocol::money::{BadMoney, Currency, Money};
use mnara_protocol::seal::seal;
use mnara_protocol::ticket::login::of_printed;
use mnara_protocol::ticket::series::{Alphabet, Cloud, CutOff, SeriesKey, Table, code, ticket_id};
use mnara_protocol::ticket::{EndReason, Place, Refusal, Status, Ticket};
use mnara_protocol::token::DeviceToken;

/// Of the one row that is left after the page among the frames.
fn series_codes() -> Vec<String> {
    let key = SeriesKey::from_bytes([7; 32]);
    let forms = [(Alphabet::Crockford, 12, ""), (Alphabet::Digits, 10, "7")];
    forms
        .iter()
        .flat_map(|(alphabet, length, prefix)| {
            [0, 1, 99_999].map(|number| code(&key, prefix, *alphabet, *length, number))
        })
        .map(|code| code.as_str().to_owned())
        .collect()
}

fn series_login() -> Vec<String> {
    let key = SeriesKey::from_bytes([7; 32]);
    let code = code(&key, "7", Alphabet::Digits, 10, 1);
    let login = of_printed(&code, key.as_bytes(), 1);
    vec![login.username, login.password]
}

fn lines(texts: &[String]) -> Vec<u8> {
    texts
        .iter()
        .flat_map(|text| format!("{text}\n").into_bytes())
        .collect()
}

fn apart() -> BTreeMap<String, Vec<u8>> {
    let enrolled = Enrolled {
        agent: AgentId::from_bytes([0xbb; 16]),
        site: SITE,
        provider: ProviderId::from_bytes([0x99; 16]),
        time: AT,
    };
    let device = key(1).verifying_key();
    let token = DeviceToken {
        site: SITE,
        mac: MAC,
        expires: LATER,
    };
    BTreeMap::from([
        (
            "seal".to_owned(),
            seal(&key(1).verifying_key(), b"context", &[0xee; 32], [0xff; 32]),
        ),
        ("device-token".to_owned(), token.sign(&key(1)).into_bytes()),
        ("clock-question".to_owned(), clock_question([0xcc; 32])),
        (
            "clock-answer".to_owned(),
            clock_answer(&key(2), [0xcc; 32], AT),
        ),
        ("series-codes".to_owned(), lines(&series_codes())),
        ("series-login".to_owned(), lines(&series_login())),
        (
            "series-ticket".to_owned(),
            ticket_id(SERIES, 99_999).as_bytes().to_vec(),
        ),
        (
            "enrol-identity".to_owned(),
            sign_identity(&key(2), &[0xcc; 32]).to_vec(),
        ),
        (
            "enrol-claim".to_owned(),
            sign_claim(&key(1), "0123456789ABCDEFGHJKMNPQRS").to_vec(),
        ),
        (
            "enrol-enrolled".to_owned(),
            sign_enrolled(&key(2), &device, "0123456789ABCDEFGHJKMNPQRS", &enrolled).to_vec(),
        ),
    ])
}

fn everything() -> BTreeMap<String, Vec<u8>> {
    let mut all = frames();
    all.append(&mut apart());
    for Body { name, bytes, .. } in bodies() {
        assert_eq!(all.insert(name, bytes), None);
    }
    all
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Thirty-two bytes a line.
fn to_text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.chunks(32) {
        writeln!(text, "{}", hex::encode(line)).unwrap();
    }
    text
}

#[test]
fn every_message_is_byte_for_byte_what_it_was() {
    let all = everything();
    for (name, bytes) in &all {
        let path = folder().join(format!("{name}.hex"));
        let kept = fs::read_to_string(&path).unwrap_or_else(|_| {
            panic!(
                "{name} has no golden bytes; write these:\n{}",
                to_text(bytes)
            )
        });
        assert_eq!(to_text(bytes), kept, "{name}");
    }
    for file in fs::read_dir(folder()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let known = name
            .strip_suffix(".hex")
            .is_some_and(|name| all.contains_key(name));
        assert!(known, "{name} belongs to no message");
    }
}

/// Copies one value and gives every map in it one more field that nobody knows.
fn newer(decoder: &mut Decoder<'_>, out: &mut Vec<u8>) {
    let head = |major: u8, count: u64, out: &mut Vec<u8>| {
        let mut encoder = minicbor::Encoder::new(&mut *out);
        if major == 5 {
            encoder.map(count).unwrap();
        } else {
            encoder.array(count).unwrap();
        }
    };
    match decoder.datatype().unwrap() {
        Type::Map => {
            let count = decoder.map().unwrap().unwrap();
            head(5, count + 1, out);
            for _ in 0..2 * count {
                newer(decoder, out);
            }
            minicbor::Encoder::new(&mut *out)
                .u16(99)
                .unwrap()
                .str("of a later version")
                .unwrap();
        }
        Type::Array => {
            let count = decoder.array().unwrap().unwrap();
            head(4, count, out);
            for _ in 0..count {
                newer(decoder, out);
            }
        }
        _ => {
            let from = decoder.position();
            decoder.skip().unwrap();
            out.extend_from_slice(&decoder.input()[from..decoder.position()]);
        }
    }
}

#[test]
fn bodies_of_a_later_version_read_as_what_is_known_of_them() {
    for sample in bodies() {
        let mut later = Vec::new();
        newer(&mut Decoder::new(&sample.bytes), &mut later);
        assert!(later.len() > sample.bytes.len() + 18);
        let read = (sample.reader)(sample.kind, &later);
        assert_eq!(read, Ok(sample.bytes.clone()), "{}", sample.name);

        let unknown = (sample.reader)(999, &later);
        assert_eq!(unknown, Err(BadBody::UnknownKind(999)), "{}", sample.name);
    }
}

#[test]
fn a_damaged_body_of_a_known_kind_is_told_from_an_unknown_one() {
    for sample in bodies() {
        for end in 0..sample.bytes.len() {
            let read = (sample.reader)(sample.kind, &sample.bytes[..end]);
            let malformed = Err(BadBody::Malformed(sample.kind));
            assert_eq!(read, malformed, "{} cut at {end}", sample.name);
        }
    }
}

/// Reads a file of `later/`: bytes that this version never writes, since a later one has added a value, a field or a kind.
fn later(name: &str) -> Vec<u8> {
    let path = folder().with_file_name("later").join(format!("{name}.hex"));
    let text = fs::read_to_string(path).unwrap();
    hex::decode(text.split_whitespace().collect::<String>()).unwrap()
}

#[test]
fn values_of_a_later_version_are_kept_and_taken_on_the_safe_side() {
    let now = AT;
    // A session that ended for a new reason has ended, and its code is used up.
    let bytes = later("fact-ended");
    let Ok(Fact::Ended(ended)) = Fact::decode(4, &bytes) else {
        panic!("an end with an unknown reason is an end");
    };
    assert_eq!(ended.reason, EndReason::Other(77));
    assert_eq!(Refusal::from(ended.reason), Refusal::Used);
    let ticket = Ticket::unused(TICKET, right()).end(ended.reason, ended.at);
    assert_eq!(ticket.status(now), Status::Used);
    let ruled = ticket.ruled(right(), now);
    assert_eq!(
        ruled.status(now),
        Status::Used,
        "nor does more time open it"
    );

    // A step nobody knows moves nothing.
    let Ok(Fact::Granted(granted)) = Fact::decode(2, &later("fact-granted")) else {
        panic!("a grant with an unknown step is a grant");
    };
    assert_eq!(granted.step, Step::Other(9));
    assert!(!Grant::delivered(AT).advance(granted.step, LATER));

    // What a health entry is about may be new; the entry stays.
    let Ok(Fact::Health(health)) = Fact::decode(6, &later("fact-health")) else {
        panic!("an unknown event is an event");
    };
    assert_eq!(health.event, HealthEvent::Other(40));

    // A purchase in a new state is still under way; it keeps its number.
    let Ok(Row::Checkout(checkout)) = Row::decode(5, &later("row-checkout")) else {
        panic!("a checkout in an unknown state is a checkout");
    };
    assert_eq!(checkout.state, CheckoutState::Other(5));
    assert_eq!(checkout.at, AT, "what comes after the state is read");
    let Ok(Row::Checkout(failed)) = Row::decode(5, &later("row-checkout-failed")) else {
        panic!("a failure for an unknown reason is a failure");
    };
    assert_eq!(failed.state, CheckoutState::Failed(PayFailure::Other(300)));

    // A batch with unknown letters and policy gives no codes, and is good at home only.
    let Ok(Row::Series(series)) = Row::decode(3, &later("row-series")) else {
        panic!("a batch with unknown letters is a batch");
    };
    assert_eq!(series.alphabet, Alphabet::Other(2));
    assert_eq!(series.cut_off, CutOff::Other(2));
    assert_eq!(series.price.currency(), Currency::Other(1));
    assert_eq!(series.price.plus(Money::ZERO), Err(BadMoney::Currencies));
    assert!(Table::expand(&series, &SeriesKey::from_bytes([1; 32])).is_empty());
    let elsewhere = SiteId::from_bytes([1; 16]);
    assert_eq!(series.place(elsewhere, Cloud::Away), Place::CutOff);
    assert_eq!(series.place(SITE, Cloud::Away), Place::Good);

    // A code refused for a new reason is refused: no answer of none, which would mean that the ticket is on its way.
    let Ok(Answer::Looked(looked)) = Answer::decode(4, &later("answer-looked")) else {
        panic!("an unknown refusal is a refusal");
    };
    assert_eq!(looked.refusal, Some(Refusal::Other(31)));
    let Ok(Answer::NotPrompted(not)) = Answer::decode(3, &later("answer-not-prompted")) else {
        panic!("an unknown reason is a reason");
    };
    assert_eq!(not.reason, PayFailure::Other(99));

    // A claim that is refused for a new reason is refused, and money that is paid in a new way is paid in none that this version can tell.
    let Ok(Answer::Claimed(claimed)) = Answer::decode(8, &later("answer-claimed")) else {
        panic!("an unknown refusal is a refusal");
    };
    assert_eq!(claimed.refusal, Some(NotClaimed::Other(44)));
    let Ok(Answer::ByHand(by_hand)) = Answer::decode(7, &later("answer-by-hand")) else {
        panic!("an unknown way is a way");
    };
    assert_eq!(by_hand.kind, ByHand::Other(6));

    for (name, kind) in [("fact-ended", 4), ("fact-granted", 2), ("fact-health", 6)] {
        let bytes = later(name);
        let read = Fact::decode(kind, &bytes).map(|fact| fact.encode());
        assert_eq!(read, Ok(bytes), "{name} is passed on unchanged");
    }
}
