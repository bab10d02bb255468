//! How long a text is on the air, by 3GPP TS 23.038.
//!
//! 160 characters of the GSM alphabet in one message, 153 in each of several; one character
//! outside of it makes all of it UCS-2, with 70 and 67. Each message is paid for.

/// The default alphabet, but for the escape, each character seven bits.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// The extension, reached by an escape: twice seven bits each.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// How a text goes over the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Characters, as the alphabet counts them.
    pub length: usize,
    /// Messages it is sent as, and paid for.
    pub parts: usize,
    /// Whether all of it is in the GSM alphabet.
    pub is_gsm7: bool,
}

/// Measures a text.
#[must_use]
pub fn size(text: &str) -> Size {
    let of = |c: char| {
        if BASIC.contains(c) {
            Some(1)
        } else if EXTENDED.contains(c) {
            Some(2)
        } else {
            None
        }
    };
    let septets: Option<Vec<usize>> = text.chars().map(of).collect();
    match septets {
        Some(all) => Size {
            length: all.iter().sum(),
            parts: parts(&all, 160, 153),
            is_gsm7: true,
        },
        None => {
            let all: Vec<usize> = text.chars().map(char::len_utf16).collect();
            Size {
                length: all.iter().sum(),
                parts: parts(&all, 70, 67),
                is_gsm7: false,
            }
        }
    }
}

/// Parts of a text: none is cut within a character.
fn parts(all: &[usize], alone: usize, each: usize) -> usize {
    if all.iter().sum::<usize>() <= alone {
        return 1;
    }
    let (mut parts, mut used) = (1, 0);
    for units in all {
        if used + units > each {
            parts += 1;
            used = 0;
        }
        used += units;
    }
    parts
}

/// Puts in the GSM alphabet what has a plain neighbour there: thin spaces, long dashes, bent quotes, the letters of Kikuyu and Kamba.
/// What is left decides the size.
#[must_use]
pub fn plain(text: &str) -> String {
    text.replace('…', "...")
        .chars()
        .map(|c| match c {
            '\u{a0}' | '\u{2009}' | '\u{202f}' => ' ',
            '‘' | '’' | 'ʼ' => '\'',
            '“' | '”' => '"',
            '–' | '—' | '−' | '\u{2011}' => '-',
            '•' => '*',
            'Ĩ' | 'Ī' => 'I',
            'ĩ' | 'ī' => 'i',
            'Ũ' | 'Ū' => 'U',
            'ũ' | 'ū' => 'u',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_long_as_the_air_counts_it() {
        let cases = [
            ("a".repeat(160), 160, 1, true),
            ("a".repeat(161), 161, 2, true),
            ("a".repeat(306), 306, 2, true),
            ("a".repeat(307), 307, 3, true),
            ("€".repeat(80), 160, 1, true),
            ("€".repeat(81), 162, 2, true),
            // An escape is not parted from what it escapes: 76 to a part of 153.
            ("€".repeat(152), 304, 2, true),
            ("€".repeat(153), 306, 3, true),
            ("ĩ".repeat(70), 70, 1, false),
            ("ĩ".repeat(71), 71, 2, false),
            ("😀".repeat(35), 70, 1, false),
            ("😀".repeat(36), 72, 2, false),
            (String::new(), 0, 1, true),
        ];
        for (text, length, parts, is_gsm7) in cases {
            let expected = Size {
                length,
                parts,
                is_gsm7,
            };
            assert_eq!(size(&text), expected, "{text}");
        }
        assert_eq!(BASIC.chars().count(), 127);
    }

    #[test]
    fn what_has_a_plain_neighbour_takes_its_place() {
        let text = plain("KSh\u{a0}50 – “Njeri’s”");
        assert_eq!(text, "KSh 50 - \"Njeri's\"");
        assert!(size(&text).is_gsm7);
        let text = plain("Ngũgĩ Wi\u{2011}Fi, Ngʼombe… ĨŨ ĪŪ īū");
        assert_eq!(text, "Ngugi Wi-Fi, Ng'ombe... IU IU iu");
        assert!(size(&text).is_gsm7);
    }
}
