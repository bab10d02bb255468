//! Recorded bytes and generated round trips of the codec.

use proptest::prelude::*;

use super::*;

fn encode(words: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    put_sentence(&mut out, words.iter().copied());
    out
}

fn decode_all(decoder: &mut Decoder, mut input: &[u8]) -> Result<Vec<Sentence>, WireError> {
    let mut sentences = Vec::new();
    while let Some(sentence) = decoder.decode(&mut input)? {
        sentences.push(sentence);
    }
    assert!(input.is_empty(), "bytes left although no sentence is whole");
    Ok(sentences)
}

fn one(bytes: &[u8]) -> Sentence {
    let mut sentences = decode_all(&mut Decoder::new(Limits::USUAL), bytes).unwrap();
    assert_eq!(sentences.len(), 1);
    sentences.remove(0)
}

fn words(sentence: &Sentence) -> Vec<Vec<u8>> {
    sentence.words().map(<[u8]>::to_vec).collect()
}

fn read(words: &[&str]) -> Received {
    let bytes: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    Received::read(one(&encode(&bytes))).unwrap()
}

#[test]
fn lengths_at_every_border_are_written_as_the_manual_says() {
    for (length, prefix) in [
        (1, vec![0x01]),
        (0x7F, vec![0x7F]),
        (0x80, vec![0x80, 0x80]),
        (0x3FFF, vec![0xBF, 0xFF]),
        (0x4000, vec![0xC0, 0x40, 0x00]),
        (0x001F_FFFF, vec![0xDF, 0xFF, 0xFF]),
        (0x0020_0000, vec![0xE0, 0x20, 0x00, 0x00]),
    ] {
        let mut out = Vec::new();
        put_word(&mut out, &vec![b'x'; length]);
        assert_eq!(out.get(..prefix.len()).unwrap(), prefix, "{length}");
        assert_eq!(out.len(), prefix.len() + length);
    }
}

#[test]
fn a_login_is_these_bytes() {
    let bytes = encode(&[b"/login", b"=name=admin", b"=password="]);
    assert_eq!(bytes, b"\x06/login\x0b=name=admin\x0a=password=\x00");
}

#[test]
fn lengths_longer_than_needed_are_understood() {
    for prefix in [
        &[0x05][..],
        &[0x80, 0x05],
        &[0xC0, 0, 0x05],
        &[0xE0, 0, 0, 0x05],
        &[0xF0, 0, 0, 0, 0x05],
    ] {
        let bytes = [prefix, b"!done\x00"].concat();
        assert_eq!(words(&one(&bytes)), [b"!done"], "{prefix:?}");
    }
}

#[test]
fn control_bytes_end_the_connection() {
    for byte in 0xF8..=0xFF {
        let answer = decode_all(&mut Decoder::new(Limits::USUAL), &[byte]);
        assert_eq!(answer, Err(WireError::ControlByte(byte)));
    }
}

#[test]
fn empty_sentences_are_passed_over() {
    let bytes = [b"\x00\x00".as_slice(), &encode(&[b"!done"]), b"\x00"].concat();
    assert_eq!(words(&one(&bytes)), [b"!done"]);
}

#[test]
fn limits_hold_before_the_bytes_come() {
    let limits = Limits {
        word: 10,
        words: 3,
        sentence: 20,
    };
    let too_long = decode_all(&mut Decoder::new(limits), &[11]);
    assert_eq!(
        too_long,
        Err(WireError::WordTooLong {
            announced: 11,
            limit: 10
        })
    );
    let huge = decode_all(&mut Decoder::new(limits), &[0xF0, 0xFF, 0xFF, 0xFF, 0xFF]);
    assert!(matches!(huge, Err(WireError::WordTooLong { .. })));
    let many = decode_all(&mut Decoder::new(limits), b"\x01a\x01b\x01c\x01d\x00");
    assert_eq!(
        many,
        Err(WireError::SentenceTooLong {
            words: 3,
            bytes: 20
        })
    );
    let heavy = decode_all(
        &mut Decoder::new(limits),
        b"\x0aaaaaaaaaaa\x0abbbbbbbbbb\x01c\x00",
    );
    assert_eq!(
        heavy,
        Err(WireError::SentenceTooLong {
            words: 3,
            bytes: 20
        })
    );
    assert_eq!(
        decode_all(
            &mut Decoder::new(limits),
            b"\x0aaaaaaaaaaa\x0abbbbbbbbbb\x00"
        )
        .unwrap()
        .len(),
        1
    );
}

#[test]
fn a_recorded_row_reads_in_order() {
    let received = read(&[
        "!re",
        ".tag=10",
        "=.id=*A",
        "=name=a=b",
        "=comment=",
        "=detail",
    ]);
    assert_eq!(received.tag, Tag::Number(10));
    let Reply::Re(row) = received.reply else {
        panic!("not a row")
    };
    assert_eq!(row.id().as_deref(), Some("*A"));
    assert_eq!(row.bytes("name"), Some(&b"a=b"[..]));
    assert_eq!(row.bytes("comment"), Some(&b""[..]));
    assert_eq!(row.bytes("detail"), Some(&b""[..]));
    assert_eq!(row.bytes("disabled"), None);
    assert_eq!(row.attributes().count(), 4);
}

#[test]
fn ends_carry_their_value_wherever_the_tag_stands() {
    for sentence in [
        ["!done", ".tag=7", "=ret=*3"],
        ["!done", "=ret=*3", ".tag=7"],
    ] {
        let received = read(&sentence);
        assert_eq!(received.tag, Tag::Number(7));
        let Reply::Done(row) = received.reply else {
            panic!("not an end")
        };
        assert_eq!(row.ret().as_deref(), Some("*3"));
    }
    assert_eq!(read(&["!done"]).tag, Tag::None);
    assert_eq!(read(&["!done", ".tag=abc"]).tag, Tag::Foreign);
    assert_eq!(
        read(&["!empty", ".tag=4"]),
        Received {
            tag: Tag::Number(4),
            reply: Reply::Empty
        }
    );
}

#[test]
fn traps_keep_category_words_and_whatever_else_came() {
    let Reply::Trap(trap) =
        read(&["!trap", ".tag=10", "=category=2", "=message=interrupted"]).reply
    else {
        panic!("not a trap")
    };
    assert_eq!(
        (trap.category, trap.message.as_str()),
        (Some(Category::Interrupted), "interrupted")
    );
    let Reply::Trap(trap) = read(&["!trap", "=message=no such item (4)", "=seen-at=x"]).reply
    else {
        panic!("not a trap")
    };
    assert_eq!(
        (trap.category, trap.message.as_str()),
        (None, "no such item (4)")
    );
    assert_eq!(trap.extra.bytes("seen-at"), Some(&b"x"[..]));
}

#[test]
fn fatal_comes_in_two_forms() {
    for sentence in [
        ["!fatal", "session terminated on request"],
        ["!fatal", "=message=session terminated on request"],
    ] {
        assert_eq!(
            read(&sentence).reply,
            Reply::Fatal("session terminated on request".to_owned())
        );
    }
    assert_eq!(read(&["!fatal"]).reply, Reply::Fatal(String::new()));
}

#[test]
fn rows_may_be_empty_dead_or_not_text() {
    let Reply::Re(row) = read(&["!re", ".tag=1"]).reply else {
        panic!("not a row")
    };
    assert_eq!(row.attributes().count(), 0);
    for dead in ["=.dead=true", "=.dead=yes"] {
        let Reply::Re(row) = read(&["!re", ".tag=1", "=.id=*A", dead]).reply else {
            panic!("not a row")
        };
        assert!(row.is_dead());
    }
    let received = Received::read(one(&encode(&[b"!re", b"=comment=caf\xe9"]))).unwrap();
    let Reply::Re(row) = received.reply else {
        panic!("not a row")
    };
    assert!(!row.is_dead());
    assert_eq!(row.bytes("comment"), Some(&b"caf\xe9"[..]));
    assert_eq!(row.text("comment").as_deref(), Some("caf\u{fffd}"));
}

#[test]
fn a_sentence_that_is_no_reply_is_refused() {
    assert_eq!(
        Received::read(one(&encode(&[b"HTTP/1.1 400"]))),
        Err(WireError::NotAReply)
    );
}

#[test]
fn values_stay_out_of_debug_output() {
    let sentence = one(&encode(&[
        b"!re",
        b"=name=AB12-CD34-EF56",
        b"=message=user AB12-CD34-EF56",
    ]));
    let shown = format!(
        "{sentence:?} {:?}",
        Received::read(sentence.clone()).unwrap()
    );
    assert!(shown.contains("=name"), "{shown}");
    assert!(!shown.contains("AB12"), "{shown}");
}

proptest! {
    #[test]
    fn what_is_written_reads_back_however_it_is_cut(
        sentences in prop::collection::vec(prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 1..8), 0..6),
        cuts in prop::collection::vec(1_usize..50, 1..40),
    ) {
        let mut bytes = Vec::new();
        for sentence in &sentences {
            put_sentence(&mut bytes, sentence.iter().map(Vec::as_slice));
        }
        let mut decoder = Decoder::new(Limits::USUAL);
        let mut got = Vec::new();
        let mut rest = bytes.as_slice();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, later) = rest.split_at((*cut).min(rest.len()));
            got.extend(decode_all(&mut decoder, piece).unwrap());
            rest = later;
        }
        prop_assert_eq!(got.iter().map(words).collect::<Vec<_>>(), sentences);
    }

    #[test]
    fn no_bytes_make_it_fall_over(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let limits = Limits { word: 64, words: 8, sentence: 128 };
        let mut decoder = Decoder::new(limits);
        let mut input = bytes.as_slice();
        while let Ok(Some(sentence)) = decoder.decode(&mut input) {
            prop_assert!(!sentence.is_empty() && sentence.len() <= limits.words && sentence.size() <= limits.sentence);
            let _ = Received::read(sentence);
        }
    }
}
