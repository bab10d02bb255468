//! Query words: the stack machine that decides which rows a print shows.
use std::cmp::Ordering;
use std::net::Ipv4Addr;

use super::record::Record;
use super::value;

/// Returns whether a record passes; `None` when a word makes no sense.
pub(crate) fn passes(queries: &[Vec<u8>], record: &Record) -> Option<bool> {
    let mut stack: Vec<bool> = Vec::new();
    for query in queries {
        match query.first() {
            Some(b'#') => operate(&query[1..], &mut stack)?,
            Some(b'-') => stack.push(record.value(&text(&query[1..])).is_none()),
            Some(sign @ (b'<' | b'>')) => {
                let (name, wanted) = split(&query[1..])?;
                let order = if *sign == b'<' {
                    Ordering::Less
                } else {
                    Ordering::Greater
                };
                stack.push(
                    record
                        .value(&name)
                        .is_some_and(|have| compare(have, wanted) == order),
                );
            }
            _ => {
                let query = query.strip_prefix(b"=").unwrap_or(query);
                match split(query) {
                    Some((name, wanted)) => {
                        stack.push(record.value(&name).is_some_and(|have| same(have, wanted)));
                    }
                    None => stack.push(record.value(&text(query)).is_some()),
                }
            }
        }
    }
    Some(stack.iter().all(|value| *value))
}

fn split(query: &[u8]) -> Option<(String, &[u8])> {
    let at = query.iter().position(|byte| *byte == b'=')?;
    Some((text(&query[..at]), &query[at + 1..]))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs one `?#` word. Below the bottom of the stack there is an endless supply of `true`.
fn operate(word: &[u8], stack: &mut Vec<bool>) -> Option<()> {
    let peek = |stack: &[bool], index: usize| {
        stack
            .len()
            .checked_sub(index + 1)
            .and_then(|at| stack.get(at))
            .copied()
            .unwrap_or(true)
    };
    let mut at = 0;
    let mut after_index = false;
    while at < word.len() {
        if word[at].is_ascii_digit() {
            let end = word[at..]
                .iter()
                .position(|byte| !byte.is_ascii_digit())
                .map(|n| at + n);
            let digits = std::str::from_utf8(&word[at..end.unwrap_or(word.len())]).ok()?;
            let value = peek(stack, digits.parse().ok()?);
            let Some(end) = end else {
                stack.clear();
                stack.push(value);
                return Some(());
            };
            stack.push(value);
            at = end;
            after_index = true;
            continue;
        }
        match word[at] {
            b'!' => {
                let top = stack.pop().unwrap_or(true);
                stack.push(!top);
            }
            sign @ (b'&' | b'|') => {
                let (a, b) = (stack.pop().unwrap_or(true), stack.pop().unwrap_or(true));
                stack.push(if sign == b'&' { a && b } else { a || b });
            }
            b'.' if after_index => {}
            b'.' => stack.push(peek(stack, 0)),
            _ => return None,
        }
        after_index = false;
        at += 1;
    }
    Some(())
}

fn same(have: &[u8], wanted: &[u8]) -> bool {
    have == wanted
        || match have {
            b"true" => wanted == b"yes",
            b"false" => wanted == b"no",
            _ => false,
        }
}

fn compare(have: &[u8], wanted: &[u8]) -> Ordering {
    let (Ok(left), Ok(right)) = (std::str::from_utf8(have), std::str::from_utf8(wanted)) else {
        return have.cmp(wanted);
    };
    if let (Ok(left), Ok(right)) = (left.parse::<i128>(), right.parse::<i128>()) {
        return left.cmp(&right);
    }
    if let (Ok(left), Ok(right)) = (left.parse::<Ipv4Addr>(), right.parse::<Ipv4Addr>()) {
        return left.cmp(&right);
    }
    if let (Some(left), Some(right)) = (value::parse_duration(left), value::parse_duration(right)) {
        return left.cmp(&right);
    }
    have.cmp(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Record {
        let mut record = Record::new("*1");
        record.put("name", "ether1");
        record.put("type", "ether");
        record.put("mtu", "1500");
        record.put("uptime", "1h30m");
        record.flag("disabled", false);
        record
    }

    fn check(words: &[&str]) -> Option<bool> {
        let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        passes(&words, &row())
    }

    #[test]
    fn every_documented_form() {
        assert_eq!(check(&[]), Some(true));
        assert_eq!(check(&["name"]), Some(true));
        assert_eq!(check(&["comment"]), Some(false));
        assert_eq!(check(&["-comment"]), Some(true));
        assert_eq!(check(&["type=ether"]), Some(true));
        assert_eq!(check(&["=type=ether"]), Some(true));
        assert_eq!(check(&["type=vlan"]), Some(false));
        assert_eq!(
            check(&[">mtu=900"]),
            Some(true),
            "numbers compare as numbers"
        );
        assert_eq!(check(&["<mtu=1500"]), Some(false));
        assert_eq!(check(&["<uptime=2h"]), Some(true));
        assert_eq!(check(&[".id=*1"]), Some(true));
        assert_eq!(check(&["disabled=no"]), Some(true));
    }

    #[test]
    fn the_stack_machine_follows_the_manual() {
        assert_eq!(check(&["type=ether", "type=vlan", "#|"]), Some(true));
        assert_eq!(check(&["type=ether", "type=vlan", "#&"]), Some(false));
        assert_eq!(check(&["type=vlan", "#!"]), Some(true));
        assert_eq!(check(&["type=ether", "type=vlan", "#|!"]), Some(false));
        assert_eq!(
            check(&["type=vlan", "type=ether", "#0"]),
            Some(true),
            "an index at the end replaces all"
        );
        assert_eq!(
            check(&["type=ether", "type=vlan", "#1.&"]),
            Some(false),
            "a copy of index 1 and the top"
        );
        assert_eq!(
            check(&["type=vlan", "#.!|"]),
            Some(true),
            "dot doubles the top"
        );
        assert_eq!(check(&["#x"]), None);
    }
}
