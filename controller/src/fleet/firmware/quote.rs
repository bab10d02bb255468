//! Text as a RouterOS string, whatever it holds: it is read back as it was, and nothing in it is obeyed.

use std::fmt::{self, Write as _};

/// A text in quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quoted<'a>(&'a str);

/// Quotes a text.
pub(super) const fn q(text: &str) -> Quoted<'_> {
    Quoted(text)
}

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for byte in self.0.bytes() {
            match byte {
                // A dollar would name a variable, and a question mark asks the terminal for help where a script is pasted.
                b'"' | b'\\' | b'$' => write!(f, "\\{}", char::from(byte))?,
                b' '..=b'~' if byte != b'?' => f.write_char(char::from(byte))?,
                _ => write!(f, "\\{byte:02X}")?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a string as RouterOS does; nothing when it does not end where the text does, or names a variable.
    fn read(quoted: &str) -> Option<Vec<u8>> {
        let inside = quoted.strip_prefix('"')?.strip_suffix('"')?;
        let mut bytes = inside.bytes();
        let mut text = Vec::new();
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' | b'$' | b'?' => return None,
                b'\\' => match bytes.next()? {
                    literal @ (b'"' | b'\\' | b'$') => text.push(literal),
                    high => {
                        let pair = [high, bytes.next()?];
                        let pair = std::str::from_utf8(&pair).ok()?;
                        if pair.chars().any(|c| !matches!(c, '0'..='9' | 'A'..='F')) {
                            return None;
                        }
                        text.push(u8::from_str_radix(pair, 16).ok()?);
                    }
                },
                b' '..=b'~' => text.push(byte),
                _ => return None,
            }
        }
        Some(text)
    }

    #[test]
    fn nothing_in_a_name_is_obeyed() {
        for (name, quoted) in [
            ("Kilimani", r#""Kilimani""#),
            (r#""; /system reset"#, r#""\"; /system reset""#),
            ("$[/system/reboot]", r#""\$[/system/reboot]""#),
            ("a\\", r#""a\\""#),
            ("one\ntwo", r#""one\0Atwo""#),
            ("Café?", r#""Caf\C3\A9\3F""#),
        ] {
            assert_eq!(q(name).to_string(), quoted);
        }
    }

    proptest! {
        #[test]
        fn whatever_it_holds_is_read_back(text in any::<String>()) {
            prop_assert_eq!(read(&q(&text).to_string()), Some(text.into_bytes()));
        }
    }
}
