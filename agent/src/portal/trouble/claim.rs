//! What can become of a receipt that somebody names, in both languages.

use mnara_protocol::message::NotClaimed;

use super::anywhere::{bad_phone, let_through, not_in_hotspot, router_away};
use crate::core::portal::ClaimError;

pub(super) const fn claim(error: ClaimError) -> [(&'static str, &'static str); 2] {
    match error {
        ClaimError::BadPhone => bad_phone(),
        ClaimError::BadReceipt => [
            (
                "That is not an M-PESA receipt",
                "It stands first in the message from M-PESA: ten letters and digits, such as TKL51ZDR4F.",
            ),
            (
                "Hiyo si risiti ya M-PESA",
                "Iko mwanzoni mwa ujumbe wa M-PESA: herufi na tarakimu kumi, kama TKL51ZDR4F.",
            ),
        ],
        ClaimError::Refused(NotClaimed::Unknown) => [
            (
                "We have not seen this payment yet",
                "Check the receipt, and that the number is the one that paid. If both are right, keep this page open: you are connected as soon as M-PESA tells us, usually within a few minutes.",
            ),
            (
                "Bado hatujaona malipo haya",
                "Kagua risiti, na kwamba nambari ndiyo iliyolipa. Kama zote ni sahihi, acha ukurasa huu wazi: utaunganishwa M-PESA wakitujulisha, kwa kawaida ndani ya dakika chache.",
            ),
        ],
        ClaimError::Refused(NotClaimed::Spent) => [
            (
                "This payment has been used",
                "Its voucher was used on a device. If that was your other phone, enter the voucher's code here; else ask the people here.",
            ),
            (
                "Malipo haya yameshatumika",
                "Vocha yake imetumika kwenye kifaa. Kama ni simu yako nyingine, weka msimbo wa vocha hapa; la sivyo waulize wahusika wa hapa.",
            ),
        ],
        ClaimError::Refused(NotClaimed::Returned) => [
            (
                "This payment was paid back",
                "The money went back to the phone. Look at your M-PESA messages, then choose a plan.",
            ),
            (
                "Malipo haya yamerudishwa",
                "Pesa zimerudi kwenye simu. Angalia jumbe zako za M-PESA, kisha uchague kifurushi.",
            ),
        ],
        ClaimError::Refused(NotClaimed::NoPlan) => [
            (
                "We have your money, and no plan costs as much",
                "It is safe. Ask the people here: they can give you a voucher for it or pay it back.",
            ),
            (
                "Pesa zako tumezipata, lakini hakuna kifurushi cha bei hiyo",
                "Ziko salama. Waulize wahusika wa hapa: wanaweza kukupa vocha au kuzirudisha.",
            ),
        ],
        ClaimError::Refused(NotClaimed::TooMany | NotClaimed::Other(_)) => [
            (
                "This receipt cannot be used here now",
                "Your money is safe. Ask the people here, and show them the message from M-PESA.",
            ),
            (
                "Risiti hii haiwezi kutumika hapa kwa sasa",
                "Pesa zako ziko salama. Waulize wahusika wa hapa, na uwaonyeshe ujumbe wa M-PESA.",
            ),
        ],
        ClaimError::TooMany { .. } => [
            (
                "Too many tries",
                "Wait a moment, check the receipt, and type it again. Your money is safe.",
            ),
            (
                "Umejaribu mara nyingi",
                "Subiri kidogo, kagua risiti, kisha uandike tena. Pesa zako ziko salama.",
            ),
        ],
        ClaimError::NoCloud => [
            (
                "Receipts cannot be checked right now",
                "The hotspot has no connection to its centre. Your money is safe; try again in a few minutes.",
            ),
            (
                "Risiti haziwezi kukaguliwa sasa",
                "Hotspot haina mawasiliano na kituo chake kwa sasa. Pesa zako ziko salama; jaribu tena baada ya dakika chache.",
            ),
        ],
        ClaimError::NotInHotspot => not_in_hotspot(),
        ClaimError::LetThrough => let_through(),
        ClaimError::RouterAway => router_away(),
    }
}
