//! What Daraja found wrong with a push, read off its words: its code is one for every field.

use super::wire::says;

/// What was wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The paybill's number, or the store's.
    Shortcode,
    /// The number that is paid: a till's own, or the paybill again.
    Receiver,
    /// The amount.
    Amount,
    /// The phone.
    Phone,
    /// The address for the outcome.
    Callback,
    /// The password, which is made of shortcode, passkey and time, or that time.
    Password,
    /// Paybill or till.
    Kind,
    /// What stands in the prompt and in the statement.
    Reference,
    /// The request as a whole: a fault of ours, or of the gateway's.
    Request,
    /// It names nothing that we know.
    Unnamed,
}

/// Daraja's names of fields, as letters, the more exact first.
const NAMED: [(&str, Fault); 13] = [
    ("businessshortcode", Fault::Shortcode),
    ("shortcode", Fault::Shortcode),
    ("partyb", Fault::Receiver),
    ("amount", Fault::Amount),
    ("partya", Fault::Phone),
    ("phonenumber", Fault::Phone),
    ("callback", Fault::Callback),
    ("password", Fault::Password),
    ("timestamp", Fault::Password),
    ("transactiontype", Fault::Kind),
    ("accountreference", Fault::Reference),
    ("transactiondesc", Fault::Reference),
    ("requestpayload", Fault::Request),
];
/// Codes that speak of the request and of no field in it.
const OF_REQUEST: [&str; 4] = ["400.002.05", "404.001.01", "404.001.04", "405.001"];

impl Fault {
    /// Reads Daraja's answer, such as `400.002.02` with `Bad Request - Invalid PhoneNumber`.
    #[must_use]
    pub(super) fn read(code: &str, message: &str) -> Self {
        if OF_REQUEST.contains(&code) {
            return Self::Request;
        }
        if !says(message, "invalid") {
            return Self::Unnamed;
        }
        let letters: String = message
            .chars()
            .filter(char::is_ascii_alphabetic)
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        let (_, named) = letters.split_once("invalid").unwrap_or_default();
        let found = NAMED.iter().find(|(name, _)| named.starts_with(name));
        found.map_or(Self::Unnamed, |(_, fault)| *fault)
    }

    /// Its stable name, for rows, counters and pages.
    #[must_use]
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Shortcode => "bad-shortcode",
            Self::Receiver => "bad-receiver",
            Self::Amount => "bad-amount",
            Self::Phone => "bad-phone",
            Self::Callback => "bad-callback",
            Self::Password => "bad-password",
            Self::Kind => "bad-kind",
            Self::Reference => "bad-reference",
            Self::Request => "bad-request",
            Self::Unnamed => "refused",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_known_by_its_name_however_it_is_written() {
        let of = |message: &str| Fault::read("400.002.02", message);
        for (name, fault) in [
            ("BusinessShortCode", Fault::Shortcode),
            ("ShortCode", Fault::Shortcode),
            ("PartyB", Fault::Receiver),
            ("Amount", Fault::Amount),
            ("PartyA", Fault::Phone),
            ("PhoneNumber", Fault::Phone),
            ("CallBackURL", Fault::Callback),
            ("Password", Fault::Password),
            ("Timestamp", Fault::Password),
            ("TransactionType", Fault::Kind),
            ("AccountReference", Fault::Reference),
            ("TransactionDesc", Fault::Reference),
        ] {
            assert_eq!(of(&format!("Bad Request - Invalid {name}")), fault);
            assert_eq!(of(&format!("bad request - invalid {name}.")), fault);
        }
        assert_eq!(of("Invalid Transaction Type"), Fault::Kind);
        assert_eq!(of("Invalid Request Payload"), Fault::Request);
        for message in [
            "",
            "Bad Request",
            "Bad Request - Invalid Remarks",
            "PhoneNumber",
        ] {
            assert_eq!(of(message), Fault::Unnamed, "{message}");
        }
    }

    #[test]
    fn some_codes_speak_of_the_whole_request() {
        for (code, message) in [
            ("400.002.05", "Invalid Request Payload"),
            ("404.001.01", "Resource not found"),
            ("404.001.04", "Invalid Authentication Header"),
            ("405.001", "Method Not Allowed"),
        ] {
            assert_eq!(Fault::read(code, message), Fault::Request);
        }
    }
}
