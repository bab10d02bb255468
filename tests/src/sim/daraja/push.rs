//! `POST /mpesa/stkpush/v1/processrequest`: the checks of a push, and the payment it makes. What happens to the prompt
//! afterwards is in `prompt`.

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;

use super::{
    Shared, callback,
    clock::{earlier, later},
    config::{App, Knobs, Lock, Mode},
    fields::{Fields, invalid},
    http::{Answer, Call, Handled},
    ids,
    json::{object, text},
    prompt, refuse,
    results::Code,
    script::{Act, Refusal, Script, When},
    state::{Payment, Stage, State},
};

/// A prompt longer than this cannot be sent.
const PROMPT_LENGTH: usize = 182;
const RULE_17: Duration = Duration::from_secs(120);

/// Answers one push request.
pub(super) async fn push(shared: &Arc<Shared>, call: &Call, app: &App) -> Handled {
    let now = shared.clock.now();
    let taken = shared.change(|state| {
        state.counters.push_requests += 1;
        take(state, call, app, now)
    });
    let Taken {
        number,
        answer,
        hold,
    } = match taken {
        Ok(taken) => taken,
        Err(refused) => return refused.into(),
    };
    if hold.before_reply {
        callback::send_now(shared, number).await;
    }
    if !hold.delay.is_zero() {
        tokio::select! {
            () = shared.stop.cancelled() => {}
            () = shared.clock.sleep_until(later(now, hold.delay)) => {}
        }
    }
    shared.change(|state| prompt::begin(state, number, shared.clock.now()));
    Handled {
        answer,
        payment: Some(number),
    }
}

struct Taken {
    number: u64,
    answer: Answer,
    hold: Hold,
}

/// What has to happen before the answer leaves.
struct Hold {
    before_reply: bool,
    delay: Duration,
}

fn take(state: &mut State, call: &Call, app: &App, now: Timestamp) -> Result<Taken, Answer> {
    let order = match Order::read(call, app, &state.knobs, now) {
        Ok(order) => order,
        Err(refusal) => return Err(refuse::envelope(&mut state.rng, &refusal)),
    };
    let script = state.take_script(&order.msisdn, &order.shortcode);
    let refused = refuse::scripted(&mut state.rng, &script.reply);
    if !script.accepted
        && let Some(answer) = refused
    {
        return Err(answer);
    }
    let mut forced = order.wrong_product(app).or_else(|| order.too_long(app));
    if forced.is_none()
        && let Some(first) = state
            .live_prompt(&order.msisdn)
            .map(|payment| payment.number)
    {
        match state.knobs.lock {
            Lock::Refuse => {
                return Err(refuse::envelope(&mut state.rng, &Refusal::SubscriberLocked));
            }
            Lock::EndSecond => forced = Some(Code::Number(1001)),
            Lock::EndFirst => {
                prompt::end(
                    state,
                    first,
                    Code::Number(1037),
                    Some("No response from user."),
                    now,
                );
            }
        }
    }
    if forced.is_none() && state.knobs.rule_17 && repeats(state, &order, now) {
        forced = Some(Code::Number(17));
    }
    let (number, accepted) = enter(state, order, app, script, forced, now);
    let payment = &state.payments[&number];
    let hold = Hold {
        before_reply: payment.script.callback.when == When::BeforeReply,
        delay: Duration::from_millis(payment.script.reply_delay_ms),
    };
    if hold.before_reply {
        let code = match &payment.script.prompt {
            Some(Act::End { code, .. }) => code.clone(),
            Some(Act::NoAnswer) => Code::Number(1037),
            Some(Act::Ask | Act::Accept { .. }) | None => Code::PAID,
        };
        prompt::end(state, number, code, None, now);
    }
    Ok(Taken {
        number,
        answer: refused.unwrap_or(accepted),
        hold,
    })
}

/// The fields of a push, checked.
struct Order {
    shortcode: String,
    transaction_type: String,
    amount: i64,
    msisdn: String,
    party_b: String,
    callback_url: String,
    reference: String,
    description: String,
}

impl Order {
    fn read(call: &Call, app: &App, knobs: &Knobs, now: Timestamp) -> Result<Self, Refusal> {
        let fields = Fields::parse(&call.body)?;
        // The documents name another content type first among the causes of this refusal.
        if !call.says_json() {
            return Err(invalid("BusinessShortCode"));
        }
        let shortcode = fields.text("BusinessShortCode")?;
        if !(5..=7).contains(&shortcode.len())
            || !shortcode.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Err(invalid("BusinessShortCode"));
        }
        let password = fields.text("Password")?;
        let timestamp = fields.text("Timestamp")?;
        check_timestamp(&timestamp, knobs, now)?;
        let transaction_type = fields.text("TransactionType")?;
        if !["CustomerPayBillOnline", "CustomerBuyGoodsOnline"].contains(&transaction_type.as_str())
        {
            return Err(invalid("TransactionType"));
        }
        let order = Self {
            amount: fields.amount("Amount", knobs.max_amount)?,
            party_b: {
                fields.msisdn("PartyA")?;
                let party_b = fields.text("PartyB")?;
                if !party_b.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(invalid("PartyB"));
                }
                party_b
            },
            msisdn: fields.msisdn("PhoneNumber")?,
            callback_url: fields.callback_url("CallBackURL", knobs)?,
            reference: fields.text("AccountReference")?,
            description: fields.optional("TransactionDesc")?,
            shortcode,
            transaction_type,
        };
        if order.reference.chars().any(char::is_control)
            || knobs.plain_references && !order.reference.chars().all(char::is_alphanumeric)
        {
            return Err(invalid("AccountReference"));
        }
        if order.description.chars().count() > 13 && !knobs.long_descriptions {
            return Err(invalid("TransactionDesc"));
        }
        if order.shortcode != app.shortcode {
            return Err(Refusal::MerchantUnknown);
        }
        check_password(&password, &timestamp, app)?;
        Ok(order)
    }

    /// Tells how a push ends whose type or receiver does not belong to the shortcode.
    fn wrong_product(&self, app: &App) -> Option<Code> {
        if self.transaction_type != app.transaction_type() {
            return Some(Code::Number(2028));
        }
        (self.party_b != app.party_b()).then(|| Code::Text("SFC_IC0003".into()))
    }

    fn too_long(&self, app: &App) -> Option<Code> {
        let length = prompt::words(&app.business, self.amount, &self.reference)
            .chars()
            .count();
        (length > PROMPT_LENGTH || self.reference.chars().count() > 12)
            .then_some(Code::Number(1025))
    }
}

/// Checks Timestamp for shape and for nearness to Nairobi time.
pub(super) fn check_timestamp(
    timestamp: &str,
    knobs: &Knobs,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Some(at) = ids::parse_stamp(timestamp) else {
        return Err(invalid("Timestamp"));
    };
    match knobs.timestamp_skew_s {
        Some(skew) if now.duration_until(at).unsigned_abs() > Duration::from_secs(skew) => {
            Err(invalid("Timestamp"))
        }
        _ => Ok(()),
    }
}

/// Checks Password = base64(shortcode ‖ passkey ‖ timestamp).
pub(super) fn check_password(password: &str, timestamp: &str, app: &App) -> Result<(), Refusal> {
    let expected = STANDARD.encode(format!("{}{}{timestamp}", app.shortcode, app.passkey));
    if password == expected {
        Ok(())
    } else {
        Err(Refusal::WrongCredentials)
    }
}

fn repeats(state: &State, order: &Order, now: Timestamp) -> bool {
    let since = earlier(now, RULE_17);
    state
        .ledger
        .iter()
        .rev()
        .take_while(|transaction| transaction.at > since)
        .any(|transaction| {
            transaction.msisdn == order.msisdn
                && transaction.shortcode == order.shortcode
                && transaction.amount == order.amount
        })
}

fn enter(
    state: &mut State,
    order: Order,
    app: &App,
    script: Script,
    forced: Option<Code>,
    now: Timestamp,
) -> (u64, Answer) {
    let mut made = now;
    let mut checkout_request_id = ids::checkout_request_id(made, &order.msisdn);
    while state.by_checkout.contains_key(&checkout_request_id) {
        made = later(made, Duration::from_millis(1));
        checkout_request_id = ids::checkout_request_id(made, &order.msisdn);
    }
    let merchant_request_id = ids::request_id(&mut state.rng);
    let words = "Success. Request accepted for processing";
    let accepted = Answer::json(
        200,
        &object([
            ("MerchantRequestID", text(&merchant_request_id)),
            ("CheckoutRequestID", text(&checkout_request_id)),
            ("ResponseCode", text("0")),
            ("ResponseDescription", text(words)),
            ("CustomerMessage", text(words)),
        ]),
    );
    let number = state.next_serial();
    *state
        .counters
        .pushes
        .entry(order.msisdn.clone())
        .or_default() += 1;
    let shown = forced.is_none();
    let script = match forced {
        Some(code) => Script {
            prompt: Some(Act::End { code, after_ms: 0 }),
            late_success_ms: None,
            ..script
        },
        None => script,
    };
    let until = later(now, Duration::from_secs(state.knobs.prompt_life_s));
    state.keep(Payment {
        number,
        at: now,
        business: app.business.clone(),
        shortcode: order.shortcode,
        party_b: order.party_b,
        transaction_type: order.transaction_type,
        amount: order.amount,
        msisdn: order.msisdn,
        reference: order.reference,
        description: order.description,
        callback_url: order.callback_url,
        merchant_request_id,
        checkout_request_id,
        script,
        shown,
        stage: Stage::Live { until },
        held: false,
    });
    (number, accepted)
}

/// Tells what happens to a prompt nobody scripted.
pub(super) fn usual_act(mode: Mode) -> Act {
    match mode {
        Mode::Hand => Act::Ask,
        Mode::Automatic { after_ms } => Act::Accept { after_ms },
    }
}
