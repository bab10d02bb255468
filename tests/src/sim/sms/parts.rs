//! As how many messages a text goes, by 3GPP TS 23.038: each of them is charged.

/// Letters of the GSM alphabet, seven bits each.
const PLAIN: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Those behind an escape, twice as long.
const ESCAPED: &str = "\u{c}^{}\\[~]|€";

/// How many messages a text is.
pub(super) fn of(text: &str) -> u64 {
    let septets = |c: char| match c {
        c if c.is_ascii_alphanumeric() || PLAIN.contains(c) => Some(1),
        c if ESCAPED.contains(c) => Some(2),
        _ => None,
    };
    let (units, alone, each) = match text.chars().map(septets).collect::<Option<Vec<usize>>>() {
        Some(units) => (units, 160, 153),
        // One letter that is not in it makes all of them sixteen bits long.
        None => (text.chars().map(char::len_utf16).collect(), 70, 67),
    };
    if units.iter().sum::<usize>() <= alone {
        return 1;
    }
    let (mut messages, mut left) = (0, 0);
    for unit in units {
        if unit > left {
            messages += 1;
            left = each;
        }
        left -= unit;
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_charged_by_the_letters_that_fit_in_one_message() {
        for (text, messages) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("ĩ".repeat(70), 1),
            ("ĩ".repeat(71), 2),
            ("😀".repeat(36), 2),
        ] {
            assert_eq!(of(&text), messages, "{text}");
        }
    }
}
