//! M-PESA's receipts, as people type them and rails tell them.

/// Reads a receipt: six to twenty letters and digits, in any case and with spaces, given back without them in upper case.
#[must_use]
pub fn read(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|letter| *letter != ' ').collect();
    let is_receipt =
        (6..=20).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
    is_receipt.then(|| text.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_the_same_however_it_is_written() {
        for text in ["NLJ7RT61SV", " nlj7rt61sv ", "NLJ7 RT61 SV"] {
            assert_eq!(read(text).as_deref(), Some("NLJ7RT61SV"));
        }
        for text in [
            "",
            "NLJ7",
            "NLJ7RT61SVNLJ7RT61SVX",
            "NLJ7-RT61",
            "NLJ7RT61S\u{130}",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
