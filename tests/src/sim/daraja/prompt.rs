//! The prompt on the customer's phone: how long it lives, what a person does with it, how the payment ends and what follows
//! from that. Bodies and their sending are in `callback`.

use std::{iter, sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{
    Shared, c2b, callback,
    clock::later,
    deliver, push,
    results::Code,
    script::{Act, Answer, Callback, When},
    state::{Due, Ended, Stage, State, Transaction},
};

/// The prompt is no longer (or never was) there to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no live prompt to answer")]
pub struct NoPrompt;

/// Tells what the phone shows.
pub(super) fn words(business: &str, amount: i64, reference: &str) -> String {
    format!(
        "Do you want to pay Ksh{amount}.00 to {business} Account no. {reference}?\nEnter M-PESA PIN:"
    )
}

/// Sets going what happens on the phone.
pub(super) fn begin(state: &mut State, number: u64, now: Timestamp) {
    let mode = state.knobs.mode;
    let Some(payment) = state.payments.get(&number) else {
        return;
    };
    let Stage::Live { until } = payment.stage else {
        return;
    };
    let act = payment
        .script
        .prompt
        .clone()
        .unwrap_or_else(|| push::usual_act(mode));
    let out = Due::End {
        payment: number,
        code: Code::Number(1037),
        words: Some("No response from user."),
    };
    match act {
        Act::Ask | Act::NoAnswer => {}
        Act::Accept { after_ms } => {
            let end = Due::End {
                payment: number,
                code: Code::PAID,
                words: None,
            };
            state.plan(later(now, Duration::from_millis(after_ms)), end);
        }
        Act::End { code, after_ms } => {
            let end = Due::End {
                payment: number,
                code,
                words: None,
            };
            state.plan(later(now, Duration::from_millis(after_ms)), end);
        }
    }
    state.plan(until, out);
}

/// Does what a person does with a prompt.
pub(super) fn answer(
    state: &mut State,
    number: u64,
    answer: &Answer,
    now: Timestamp,
) -> Result<(), NoPrompt> {
    if !state
        .payments
        .get(&number)
        .is_some_and(|payment| payment.shown && payment.is_live())
    {
        return Err(NoPrompt);
    }
    let (code, words) = match answer {
        Answer::Accept => (Code::PAID, None),
        Answer::WrongPin => (Code::Number(2001), None),
        Answer::Cancel => (Code::Number(1032), None),
        Answer::Ignore => (Code::Number(1037), Some("No response from user.")),
        Answer::NoMoney => (Code::Number(1), None),
        Answer::Code(code) => (code.clone(), None),
    };
    end(state, number, code, words, now);
    Ok(())
}

/// Ends a payment, once, and plans what follows.
pub(super) fn end(
    state: &mut State,
    number: u64,
    code: Code,
    words: Option<&'static str>,
    at: Timestamp,
) {
    let Some(payment) = state.payments.get(&number) else {
        return;
    };
    if !payment.is_live() {
        return;
    }
    if state.prompts.get(&payment.msisdn) == Some(&number) {
        let msisdn = payment.msisdn.clone();
        state.prompts.remove(&msisdn);
    }
    let payment = &state.payments[&number];
    let is_beyond = state.is_beyond_the_day(&payment.msisdn, payment.amount, at);
    let late = payment.script.late_success_ms;
    let code = if code == Code::PAID && is_beyond {
        Code::Number(4)
    } else {
        code
    };
    let failed = code != Code::PAID;
    finish(state, number, code, words, at);
    if let (true, Some(after)) = (failed, late) {
        state.plan(
            later(at, Duration::from_millis(after)),
            Due::LateSuccess { payment: number },
        );
    }
}

fn finish(state: &mut State, number: u64, code: Code, words: Option<&'static str>, at: Timestamp) {
    let receipt = (code == Code::PAID).then(|| state.draw_receipt(at));
    let Some(payment) = state.payments.get_mut(&number) else {
        return;
    };
    let description = words.unwrap_or_else(|| code.description()).to_owned();
    payment.stage = Stage::Ended(Ended {
        code,
        description,
        at,
        receipt: receipt.clone(),
    });
    let callback = payment.script.callback.clone();
    let confirmation = payment.script.confirmation.clone();
    payment.held = callback.when == When::Held;
    let paybill = payment.transaction_type == "CustomerPayBillOnline";
    let transaction = receipt.map(|receipt| Transaction {
        receipt,
        at,
        shortcode: payment.shortcode.clone(),
        transaction_type: if paybill { "Pay Bill" } else { "Buy Goods" },
        amount: payment.amount,
        msisdn: payment.msisdn.clone(),
        reference: if paybill {
            payment.reference.clone()
        } else {
            String::new()
        },
        conversation: Some(payment.merchant_request_id.clone()),
        reversed: false,
    });
    let after = |millis| later(at, Duration::from_millis(millis));
    if callback.when == When::AfterAnswer {
        for delay in repeats(&callback) {
            state.plan(after(delay), Due::Callback { payment: number });
        }
    }
    if let Some(transaction) = transaction {
        if confirmation.when == When::AfterAnswer {
            for delay in repeats(&confirmation) {
                let receipt = transaction.receipt.clone();
                state.plan(
                    after(delay),
                    Due::Confirm {
                        receipt,
                        copies: confirmation.copies,
                    },
                );
            }
        }
        state.book(transaction);
    }
}

/// Lists the delays of the first sending and of those after it.
fn repeats(callback: &Callback) -> impl Iterator<Item = u64> {
    let later = callback
        .again_after_ms
        .iter()
        .map(|more| callback.delay_ms.saturating_add(*more));
    iter::once(callback.delay_ms).chain(later)
}

/// Lives through the agenda: does what is due, in the order of its moments.
pub(super) async fn keep_time(shared: Arc<Shared>) {
    let mut changed = shared.changed.subscribe();
    loop {
        changed.borrow_and_update();
        let now = shared.clock.now();
        if let Some((at, due)) = shared.take_due(now) {
            happen(&shared, due, at);
            continue;
        }
        let next = shared.read(|state| state.agenda.first_key_value().map(|((at, _), _)| *at));
        tokio::select! {
            () = shared.stop.cancelled() => return,
            _ = changed.changed() => {}
            () = shared.clock.sleep_until(next.unwrap_or(Timestamp::MAX)) => {}
        }
    }
}

fn happen(shared: &Arc<Shared>, due: Due, at: Timestamp) {
    match due {
        Due::End {
            payment,
            code,
            words,
        } => {
            shared.change(|state| end(state, payment, code, words, at));
        }
        Due::LateSuccess { payment } => {
            shared.change(|state| finish(state, payment, Code::PAID, None, at));
        }
        Due::Callback { payment } => callback::send(shared, payment),
        Due::Confirm { receipt, copies } => c2b::confirm(shared, &receipt, "", copies),
        Due::Send(post) => {
            let sending = Arc::clone(shared);
            shared
                .tracker
                .spawn(async move { deliver::send(&sending, *post).await });
        }
    }
}
