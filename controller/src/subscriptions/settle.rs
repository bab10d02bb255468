//! What Pesapal's word means for an order. Pure: an order as it stands and an answer in, one decision out.
//!
//! A notification is no word of Pesapal's in this sense: anybody can send one. Only the answer to our own question is.

use mnara_protocol::clock::Timestamp;

use super::{Flag, Kind, Order, State};
use crate::rails::pesapal::{Code, Told};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing.
    Nothing,
    /// The money came: the subscription goes on for one period.
    Complete,
    /// It was not paid; it still may be.
    Fail,
    /// It is waited for no longer; it still may be paid.
    Expire,
    /// The money went back: what it paid for counts no longer.
    Reverse,
    /// A person has to look; nothing else changes.
    Flag(Flag),
}

impl Decision {
    /// In one word, for counters.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Complete => "completed",
            Self::Fail => "failed",
            Self::Expire => "expired",
            Self::Reverse => "reversed",
            Self::Flag(_) => "flagged",
        }
    }
}

/// Decides.
#[must_use]
pub fn decide(order: &Order, told: &Told, now: Timestamp) -> Decision {
    let named = match order.kind {
        Kind::Once => told.reference.as_deref() == Some(order.reference.as_str()),
        // Some say the account where a reference stands.
        Kind::Recurring => is_charge_to(order.account.as_deref(), told),
    };
    match told.code {
        // Said of orders nobody has opened, sometimes without any name.
        Code::Pending => silence(order, now),
        _ if !named => Decision::Flag(Flag::Reference),
        Code::Completed => completed(order, told),
        Code::Failed => match order.state {
            State::Completed => Decision::Flag(Flag::Contrary),
            State::Created | State::Submitted | State::Lost => Decision::Fail,
            State::Refused | State::Failed | State::Expired | State::Reversed => Decision::Nothing,
        },
        Code::Reversed => match order.state {
            // What came once more is back as well: the flag goes, and another time is seen as one.
            State::Reversed if order.came_again() => Decision::Reverse,
            State::Reversed => Decision::Nothing,
            State::Created
            | State::Submitted
            | State::Lost
            | State::Refused
            | State::Completed
            | State::Failed
            | State::Expired => Decision::Reverse,
        },
        Code::Other(_) => Decision::Flag(Flag::Code),
    }
}

/// Whether a charge is to an account.
#[must_use]
pub fn is_charge_to(account: Option<&str>, told: &Told) -> bool {
    account.is_some()
        && told
            .account
            .as_ref()
            .or(told.reference.as_ref())
            .map(String::as_str)
            == account
}

/// What it means that nothing is known of an order.
#[must_use]
pub fn silence(order: &Order, now: Timestamp) -> Decision {
    if order.state.is_open() && order.expires_at <= now {
        Decision::Expire
    } else {
        Decision::Nothing
    }
}

fn completed(order: &Order, told: &Told) -> Decision {
    match order.state {
        State::Completed => return Decision::Nothing,
        State::Reversed => return Decision::Flag(Flag::Contrary),
        // One that failed, or that we gave up, counts when it is paid after all.
        State::Created
        | State::Submitted
        | State::Lost
        | State::Refused
        | State::Failed
        | State::Expired => {}
    }
    let code = order.price.currency.code();
    let is_ours = |told: &String| told.eq_ignore_ascii_case(code);
    if !told.currency.as_ref().is_some_and(is_ours) {
        return Decision::Flag(Flag::Currency);
    }
    if told.cents != Some(order.price.cents) {
        return Decision::Flag(Flag::Amount);
    }
    Decision::Complete
}

#[cfg(test)]
pub(super) mod tests {
    use mnara_protocol::ids::{AttemptId, OrderId, PlatformPlanId, ProviderId};
    use proptest::prelude::*;

    use super::*;
    use crate::rails::pesapal::price::{Currency, Price};

    pub(in super::super) const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    pub(in super::super) fn order(state: State) -> Order {
        Order {
            id: OrderId::from_bytes([1; 16]),
            provider: ProviderId::from_bytes([2; 16]),
            attempt: AttemptId::from_bytes([3; 16]),
            plan: PlatformPlanId::from_bytes([4; 16]),
            kind: Kind::Once,
            reference: "ord_1".to_owned(),
            account: None,
            price: Price::new(150_000, Currency::Kes),
            state,
            tracking: None,
            hinted: None,
            redirect: None,
            confirmation: None,
            flag: None,
            is_upgrade: false,
            begins_anew: false,
            upgrade_until: None,
            paid: None,
            refund: None,
            resolution: None,
            asked: 0,
            ask_after: None,
            created_at: NOW,
            expires_at: NOW.plus_secs(86_400),
            settled_at: None,
        }
    }

    fn told(code: Code) -> Told {
        Told {
            code,
            reference: Some("ord_1".to_owned()),
            account: None,
            cents: Some(150_000),
            currency: Some("KES".to_owned()),
            confirmation: Some("SCJ8JQ26SW".to_owned()),
            method: None,
            payer: None,
        }
    }

    #[test]
    fn every_state_and_every_code() {
        use Decision as D;
        let contrary = D::Flag(Flag::Contrary);
        let code = D::Flag(Flag::Code);
        for (state, completed, failed, reversed) in [
            (State::Created, D::Complete, D::Fail, D::Reverse),
            (State::Submitted, D::Complete, D::Fail, D::Reverse),
            (State::Lost, D::Complete, D::Fail, D::Reverse),
            (State::Refused, D::Complete, D::Nothing, D::Reverse),
            (State::Failed, D::Complete, D::Nothing, D::Reverse),
            (State::Expired, D::Complete, D::Nothing, D::Reverse),
            (State::Completed, D::Nothing, contrary, D::Reverse),
            (State::Reversed, contrary, D::Nothing, D::Nothing),
        ] {
            let decided = |code| decide(&order(state), &told(code), NOW);
            assert_eq!(decided(Code::Completed), completed, "{state:?}");
            assert_eq!(decided(Code::Failed), failed, "{state:?}");
            assert_eq!(decided(Code::Reversed), reversed, "{state:?}");
            assert_eq!(decided(Code::Pending), D::Nothing, "{state:?}");
            assert_eq!(decided(Code::Other(9)), code, "{state:?}");
        }
        assert_eq!(State::ALL.len(), 8);
    }

    #[test]
    fn pending_is_pending_until_our_own_end() {
        let order = order(State::Submitted);
        let mut nameless = told(Code::Pending);
        nameless.reference = None;
        for told in [told(Code::Pending), nameless] {
            let decided = |now| decide(&order, &told, now);
            assert_eq!(decided(order.expires_at.plus_secs(-1)), Decision::Nothing);
            assert_eq!(decided(order.expires_at), Decision::Expire);
        }
        // Nothing that ended is given up again.
        let failed = Order {
            state: State::Failed,
            ..order
        };
        let late = decide(&failed, &told(Code::Pending), failed.expires_at);
        assert_eq!(late, Decision::Nothing);
    }

    #[test]
    fn money_of_another_order_amount_or_currency_pays_nothing() {
        let order = order(State::Submitted);
        for (told, flag) in [
            (
                Told {
                    reference: Some("ord_2".to_owned()),
                    ..told(Code::Completed)
                },
                Flag::Reference,
            ),
            (
                Told {
                    reference: None,
                    ..told(Code::Completed)
                },
                Flag::Reference,
            ),
            (
                Told {
                    cents: Some(149_999),
                    ..told(Code::Completed)
                },
                Flag::Amount,
            ),
            (
                Told {
                    cents: None,
                    ..told(Code::Completed)
                },
                Flag::Amount,
            ),
            (
                Told {
                    currency: Some("USD".to_owned()),
                    ..told(Code::Completed)
                },
                Flag::Currency,
            ),
        ] {
            assert_eq!(decide(&order, &told, NOW), Decision::Flag(flag));
        }
        let small = Told {
            currency: Some("kes".to_owned()),
            ..told(Code::Completed)
        };
        assert_eq!(decide(&order, &small, NOW), Decision::Complete);
    }

    #[test]
    fn a_card_charged_by_itself_is_known_by_its_account() {
        let order = Order {
            kind: Kind::Recurring,
            account: Some("acc_1".to_owned()),
            ..order(State::Submitted)
        };
        let mut said = told(Code::Completed);
        assert_eq!(
            decide(&order, &said, NOW),
            Decision::Flag(Flag::Reference),
            "our reference was never told to anybody for it"
        );
        said.account = Some("acc_1".to_owned());
        assert_eq!(decide(&order, &said, NOW), Decision::Complete);
        // Or by its account in the place of a reference.
        said.reference = said.account.take();
        assert_eq!(decide(&order, &said, NOW), Decision::Complete);
        said.account = Some("acc_2".to_owned());
        assert_eq!(decide(&order, &said, NOW), Decision::Flag(Flag::Reference));
    }

    proptest! {
        #[test]
        fn only_the_whole_price_in_its_currency_under_its_name_completes(
            code in 0..5_i64, cents in 149_999..150_002_i64, is_kes: bool, is_named: bool, state in 0..State::ALL.len(), late in 0..200_000_i64,
        ) {
            let code = match code { 0 => Code::Pending, 1 => Code::Completed, 2 => Code::Failed, 3 => Code::Reversed, n => Code::Other(n) };
            let order = order(State::ALL[state]);
            let said = Told {
                cents: Some(cents),
                currency: Some(if is_kes { "KES" } else { "USD" }.to_owned()),
                reference: is_named.then(|| order.reference.clone()),
                ..told(code)
            };
            let decided = decide(&order, &said, NOW.plus_secs(late));
            let may = code == Code::Completed && cents == 150_000 && is_kes && is_named
                && !matches!(order.state, State::Completed | State::Reversed);
            prop_assert_eq!(decided == Decision::Complete, may);
        }
    }
}
