//! Every row of what real users hit, as a decision.

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{AttemptId, Mac, PaymentId, PlanId, ProviderId, SiteId};

use super::*;
use crate::payments::Push;

fn payment(state: State) -> Payment {
    Payment {
        id: PaymentId::from_bytes([1; 16]),
        provider: ProviderId::from_bytes([2; 16]),
        site: Some(SiteId::from_bytes([3; 16])),
        attempt: Some(AttemptId::from_bytes([4; 16])),
        mac: Some(Mac::from_bytes([5; 6])),
        plan: Some(PlanId::from_bytes([6; 16])),
        account: None,
        amount: Money::from_shillings(50),
        credit: Money::from_cents(0),
        credited: Money::from_cents(0),
        phone: "0712345678".parse().ok(),
        account_reference: "SABCDEFGH".into(),
        push: Push::Accepted,
        merchant_request_id: Some("m-1".into()),
        checkout_request_id: Some("ws_CO_1".into()),
        receipt: None,
        said_paid: false,
        state,
        created_at: Timestamp::from_secs(1_800_000_000),
        queries: 0,
    }
}

fn success() -> Callback {
    Callback {
        merchant_request_id: "m-1".into(),
        checkout_request_id: "ws_CO_1".into(),
        outcome: Outcome::Paid,
        amount: Some(Money::from_shillings(50)),
        receipt: Some("NLJ7RT61SV".into()),
    }
}

fn on_callback(payment: &Payment, change: impl FnOnce(&mut Callback)) -> Decision {
    let mut callback = success();
    change(&mut callback);
    decide(payment, false, &Evidence::Callback(callback))
}

fn settled() -> Decision {
    Decision::Settle {
        receipt: Some("NLJ7RT61SV".into()),
    }
}

#[test]
fn a_success_settles_a_pending_payment() {
    assert_eq!(on_callback(&payment(State::Pending), |_| {}), settled());
}

#[test]
fn a_success_that_overtakes_the_push_answer_settles() {
    let early = Payment {
        merchant_request_id: None,
        checkout_request_id: None,
        push: Push::Created,
        ..payment(State::Pending)
    };
    assert_eq!(on_callback(&early, |_| {}), settled());
    let lost = Payment {
        push: Push::Unknown,
        ..early
    };
    assert_eq!(on_callback(&lost, |_| {}), settled());
}

#[test]
fn a_repeated_success_is_nothing_new() {
    let paid = Payment {
        receipt: Some("NLJ7RT61SV".into()),
        ..payment(State::Success)
    };
    assert_eq!(on_callback(&paid, |_| {}), Decision::Nothing);
}

#[test]
fn a_second_receipt_is_looked_at_by_a_person() {
    let paid = Payment {
        receipt: Some("NLJ7RT61SV".into()),
        ..payment(State::Success)
    };
    assert_eq!(
        on_callback(&paid, |c| c.receipt = Some("OTHER00000".into())),
        Decision::Flag(Flag::SecondReceipt)
    );
}

#[test]
fn another_amount_never_settles() {
    for shillings in [1, 49, 51] {
        let decision = on_callback(&payment(State::Pending), |c| {
            c.amount = Some(Money::from_shillings(shillings))
        });
        assert_eq!(decision, Decision::Flag(Flag::Amount));
    }
}

#[test]
fn other_ids_never_settle() {
    let pending = payment(State::Pending);
    assert_eq!(
        on_callback(&pending, |c| c.checkout_request_id = "ws_CO_2".into()),
        Decision::Flag(Flag::Ids)
    );
    assert_eq!(
        on_callback(&pending, |c| c.merchant_request_id = "m-2".into()),
        Decision::Flag(Flag::Ids)
    );
}

#[test]
fn a_success_after_a_failure_is_honoured() {
    for failure in [
        PayFailure::NoAnswer,
        PayFailure::Cancelled,
        PayFailure::WrongPin,
    ] {
        assert_eq!(
            on_callback(&payment(State::Failed(Some(failure))), |_| {}),
            settled()
        );
    }
}

#[test]
fn a_failure_fails_a_pending_payment_and_only_that() {
    let fail = |c: &mut Callback| {
        c.outcome = Outcome::Failed(PayFailure::WrongPin);
        c.amount = None;
        c.receipt = None;
    };
    assert_eq!(
        on_callback(&payment(State::Pending), fail),
        Decision::Fail {
            failure: PayFailure::WrongPin,
            keep_asking: false
        }
    );
    assert_eq!(
        on_callback(&payment(State::Success), fail),
        Decision::Flag(Flag::Contrary)
    );
    assert_eq!(
        on_callback(&payment(State::Failed(None)), fail),
        Decision::Nothing
    );
}

#[test]
fn prompts_that_ran_out_stay_in_the_sweep() {
    for failure in [PayFailure::NoAnswer, PayFailure::Expired] {
        let decision = on_callback(&payment(State::Pending), |c| {
            c.outcome = Outcome::Failed(failure)
        });
        assert_eq!(
            decision,
            Decision::Fail {
                failure,
                keep_asking: true
            }
        );
    }
}

#[test]
fn an_undocumented_code_keeps_the_payment_pending() {
    assert_eq!(
        on_callback(&payment(State::Pending), |c| c.outcome = Outcome::Open),
        Decision::Nothing
    );
    let odd = |state| {
        let payment = payment(state);
        let said = on_callback(&payment, |c| c.outcome = Outcome::Undocumented);
        assert_eq!(
            said,
            decide(&payment, false, &Evidence::Query(Outcome::Undocumented))
        );
        said
    };
    assert_eq!(odd(State::Pending), Decision::Flag(Flag::Code));
    assert_eq!(odd(State::Success), Decision::Nothing);
    assert_eq!(odd(State::Failed(None)), Decision::Nothing);
}

#[test]
fn a_success_without_an_amount_is_asked_about() {
    let decision = on_callback(&payment(State::Pending), |c| c.amount = None);
    assert_eq!(
        decision,
        Decision::AskFirst {
            receipt: Some("NLJ7RT61SV".into())
        }
    );
}

#[test]
fn a_provider_may_have_every_success_asked_about_first() {
    let pending = payment(State::Pending);
    let decision = decide(&pending, true, &Evidence::Callback(success()));
    assert_eq!(
        decision,
        Decision::AskFirst {
            receipt: Some("NLJ7RT61SV".into())
        }
    );
    let noted = Payment {
        receipt: Some("NLJ7RT61SV".into()),
        ..pending
    };
    assert_eq!(
        decide(&noted, true, &Evidence::Query(Outcome::Paid)),
        settled()
    );
}

#[test]
fn a_query_settles_what_fell_silent_and_never_flips() {
    let ask = |state, outcome| decide(&payment(state), false, &Evidence::Query(outcome));
    assert_eq!(
        ask(State::Pending, Outcome::Paid),
        Decision::Settle { receipt: None }
    );
    assert_eq!(
        ask(State::Failed(Some(PayFailure::NoAnswer)), Outcome::Paid),
        Decision::Settle { receipt: None }
    );
    assert_eq!(ask(State::Pending, Outcome::Open), Decision::Nothing);
    assert_eq!(
        ask(State::Success, Outcome::Failed(PayFailure::Cancelled)),
        Decision::Flag(Flag::Contrary)
    );
    assert_eq!(
        ask(State::Pending, Outcome::Failed(PayFailure::Cancelled)),
        Decision::Fail {
            failure: PayFailure::Cancelled,
            keep_asking: false
        }
    );
}

#[test]
fn a_c2b_confirmation_of_our_own_payment_is_counted_once() {
    let c2b = Evidence::C2b {
        receipt: "NLJ7RT61SV".into(),
        amount: Money::from_shillings(50),
        payer: Payer::Untold,
        paid_at: Timestamp::from_secs(1_800_000_020),
        source: Source::Posted,
    };
    assert_eq!(decide(&payment(State::Pending), false, &c2b), settled());
    assert_eq!(
        decide(&payment(State::Success), false, &c2b),
        Decision::FillReceipt("NLJ7RT61SV".into())
    );
    let known = Payment {
        receipt: Some("NLJ7RT61SV".into()),
        ..payment(State::Success)
    };
    assert_eq!(decide(&known, false, &c2b), Decision::Nothing);
}

#[test]
fn a_day_of_silence_ends_a_pending_payment() {
    assert_eq!(
        decide(&payment(State::Pending), false, &Evidence::Silence),
        Decision::Fail {
            failure: PayFailure::NoAnswer,
            keep_asking: false
        }
    );
    assert_eq!(
        decide(&payment(State::Success), false, &Evidence::Silence),
        Decision::Nothing
    );
}

#[test]
fn a_confirmation_that_was_posted_is_asked_about_first_where_that_was_chosen() {
    let c2b = |source| Evidence::C2b {
        receipt: "NLJ7RT61SV".into(),
        amount: Money::from_shillings(50),
        payer: Payer::Untold,
        paid_at: Timestamp::from_secs(1_800_000_020),
        source,
    };
    let posted = |payment: &Payment| decide(payment, true, &c2b(Source::Posted));
    let pending = payment(State::Pending);
    let asked = |receipt: &str| Decision::AskFirst {
        receipt: Some(receipt.into()),
    };
    assert_eq!(posted(&pending), asked("NLJ7RT61SV"));
    assert_eq!(decide(&pending, true, &c2b(Source::Seen)), settled());
    // What its own callback told is kept.
    let noted = |state| Payment {
        receipt: Some("OTHER00000".into()),
        ..payment(state)
    };
    assert_eq!(posted(&noted(State::Pending)), asked("OTHER00000"));
    let cancelled = State::Failed(Some(PayFailure::Cancelled));
    let denied = noted(cancelled);
    assert_eq!(posted(&denied), Decision::Flag(Flag::Contrary));
    assert_eq!(posted(&payment(cancelled)), settled());
    let unheard = Payment {
        merchant_request_id: None,
        checkout_request_id: None,
        push: Push::Unknown,
        ..pending
    };
    assert_eq!(posted(&unheard), settled());
}
