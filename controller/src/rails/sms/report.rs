//! What Africa's Talking tells of a text afterwards, as forms posted to an address of ours: delivery reports, and that somebody wants no more.
//!
//! By its page "Notifications" (docs.africastalking.com/sms/notifications): `id`, `status`, `phoneNumber`, `networkCode`, and with Rejected or
//! Failed a `failureReason`; `retryCount` for texts it tries again. An opt-out has `senderId` and `phoneNumber`.

use super::Reason;
use crate::rails::msisdn::Msisdn;

/// The longest id looked at.
const LONGEST: usize = 100;

/// What stands for the id of a text that was not taken; it would make all of them one.
pub const NONE: &str = "None";

/// Where a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// On its way.
    Under,
    /// On the phone.
    Delivered,
    /// Nowhere, for good.
    Failed(Reason),
}

/// One delivery report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Which text.
    pub id: String,
    /// Where it is.
    pub arrival: Arrival,
    /// The phone, if the report names one we can read.
    pub phone: Option<Msisdn>,
}

/// Reads a delivery report; none without an id and a status that is known.
#[must_use]
pub fn delivery(body: &[u8]) -> Option<Report> {
    let (mut id, mut status, mut phone, mut why) = (None, None, None, String::new());
    for (name, value) in url::form_urlencoded::parse(body) {
        match &*name {
            "id" if !value.is_empty() && value != NONE && value.len() <= LONGEST => {
                id = Some(value.into_owned())
            }
            "status" => status = Some(value.into_owned()),
            "phoneNumber" => phone = value.parse().ok(),
            "failureReason" => why = value.into_owned(),
            _ => {}
        }
    }
    let arrival = match status?.as_str() {
        "Sent" | "Submitted" | "Buffered" => Arrival::Under,
        "Success" => Arrival::Delivered,
        "AbsentSubscriber" | "Expired" => Arrival::Failed(Reason::Absent),
        "Rejected" => Arrival::Failed(reason(&why, Reason::Rejected)),
        "Failed" => Arrival::Failed(reason(&why, Reason::Other)),
        _ => return None,
    };
    Some(Report {
        id: id?,
        arrival,
        phone,
    })
}

/// Reads an opt-out: the phone that wants no more.
#[must_use]
pub fn opt_out(body: &[u8]) -> Option<Msisdn> {
    let mut pairs = url::form_urlencoded::parse(body);
    let (_, phone) = pairs.find(|(name, _)| name == "phoneNumber")?;
    phone.parse().ok()
}

/// What a failure of a report is to us.
fn reason(word: &str, otherwise: Reason) -> Reason {
    match word {
        "UserInBlackList" | "UserInBlacklist" | "DoNotDisturbRejection" | "UserInDnd" => {
            Reason::OptedOut
        }
        "UserIsInactive"
        | "UserAccountSuspended"
        | "UserDoesNotExist"
        | "AbsentSubscriber"
        | "NotNetworkSubscriber"
        // Sic, on its page.
        | "NotNetworkSubcriber"
        | "UserNotProvisioned"
        | "HandsetMemoryFull" => Reason::Absent,
        "InvalidPhoneNumber" | "UnsupportedNumberType" => Reason::Number,
        "InsufficientCredit" | "InsufficientBalance" => Reason::Balance,
        "DeliveryFailure" | "GatewayError" | "InternalServerError" => Reason::Gateway,
        "RejectedByGateway" => Reason::Rejected,
        _ => otherwise,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_says_where_a_text_is() {
        let read = |status: &str| {
            let body = format!(
                "id=ATXid_1&status={status}&phoneNumber=%2B254711000111&networkCode=63902&retryCount=0"
            );
            delivery(body.as_bytes())
        };
        let report = read("Success").unwrap();
        assert_eq!(report.id, "ATXid_1");
        assert_eq!(report.arrival, Arrival::Delivered);
        assert_eq!(report.phone.unwrap().digits(), "254711000111");
        for word in ["Sent", "Submitted", "Buffered"] {
            assert_eq!(read(word).unwrap().arrival, Arrival::Under);
        }
        let failed = |status: &str| read(status).unwrap().arrival;
        assert_eq!(
            failed("Failed&failureReason=UserInBlackList"),
            Arrival::Failed(Reason::OptedOut)
        );
        assert_eq!(
            failed("Failed&failureReason=UserIsInactive"),
            Arrival::Failed(Reason::Absent)
        );
        assert_eq!(
            failed("Failed&failureReason=NotNetworkSubcriber"),
            Arrival::Failed(Reason::Absent)
        );
        assert_eq!(failed("Rejected"), Arrival::Failed(Reason::Rejected));
        assert!(read("").is_none() && read("Whatever").is_none());
        assert!(delivery(b"status=Success").is_none());
        assert!(delivery(b"id=None&status=Failed&phoneNumber=%2B254711000111").is_none());
        assert!(delivery(b"").is_none());
    }

    #[test]
    fn an_opt_out_names_a_phone() {
        let phone = opt_out(b"senderId=MNARA&phoneNumber=%2B254711000111").unwrap();
        assert_eq!(phone.digits(), "254711000111");
        assert!(opt_out(b"senderId=MNARA").is_none());
    }
}
