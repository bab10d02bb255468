//! What a payment is told to do: the answer to the push, the act of the person, the callback, the answers to queries.
//! Only data; the acting is in `push`, `prompt`, `callback` and `query`.

use serde::{Deserialize, Serialize};

use super::results::Code;

/// The whole course of one payment. The default is the ordinary one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Script {
    /// How the push request is answered.
    pub reply: Reply,
    /// Whether the payment exists although the answer says otherwise; for [`Reply::Normal`] it always does.
    pub accepted: bool,
    /// How long the answer to the push is held back.
    pub reply_delay_ms: u64,
    /// What happens on the phone; nothing here means the mode of the simulator.
    pub prompt: Option<Act>,
    pub callback: Callback,
    pub body: Body,
    /// The C2B confirmation that a paid push raises on a registered shortcode; [`When::BeforeReply`] and [`When::Held`]
    /// mean nothing here.
    pub confirmation: Callback,
    /// Answers to the first queries about this payment; after them the queries tell the truth.
    pub query: Vec<QueryAnswer>,
    /// After a failed end, the payment succeeds after all this much later, with a second callback.
    pub late_success_ms: Option<u64>,
}

/// The answer to a request, as it leaves.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    #[default]
    Normal,
    Error(Refusal),
    /// The error envelope under HTTP 200.
    OkWithError(Refusal),
    /// The gateway's own envelope, which has no `errorCode`.
    Fault,
    Html,
    Empty,
    /// The connection is closed without a byte.
    HangUp,
}

/// The documented refusals of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// `400.002.02`, naming the field.
    InvalidField(String),
    InvalidPayload,
    InvalidToken,
    ResourceNotFound,
    HeaderMissing,
    MethodNotAllowed,
    MerchantUnknown,
    WrongCredentials,
    SubscriberLocked,
    SystemBusy,
    SpikeArrest,
    QuotaViolation,
    InternalError,
    NoApiProduct,
}

/// What happens on the customer's phone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub enum Act {
    /// The prompt waits for a person (or a test) to answer it.
    Ask,
    Accept {
        after_ms: u64,
    },
    End {
        code: Code,
        after_ms: u64,
    },
    /// Nobody looks at the phone until the prompt goes away.
    NoAnswer,
}

/// What a person does with a prompt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    Accept,
    WrongPin,
    Cancel,
    /// Lets the prompt run out.
    #[serde(rename = "no-answer")]
    Ignore,
    NoMoney,
    Code(Code),
}

/// When and how often the callback is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Callback {
    pub when: When,
    pub delay_ms: u64,
    /// How many times; Daraja delivers once and has been seen to deliver two to four times.
    pub copies: u16,
    /// Copies leave at the same time instead of one after the other.
    pub parallel: bool,
    /// All copies leave once more this long after the first time, for each entry.
    pub again_after_ms: Vec<u64>,
}

impl Default for Callback {
    fn default() -> Self {
        Self {
            when: When::AfterAnswer,
            delay_ms: 0,
            copies: 1,
            parallel: false,
            again_after_ms: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum When {
    #[default]
    AfterAnswer,
    /// The end is decided at once and its callback answered before the push is.
    BeforeReply,
    /// Kept back until it is released, in whatever order the test likes.
    Held,
    Never,
}

/// How the body of the callback looks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Body {
    pub amount: AmountStyle,
    /// Another amount than the one paid.
    pub wrong_amount: Option<i64>,
    pub unknown_ids: bool,
    pub forged: Forged,
    pub code_as_text: bool,
    pub balance: Balance,
    pub metadata: Metadata,
    pub phone: PhoneStyle,
    pub date: DateStyle,
    /// The items in another order than documented.
    pub reversed_items: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AmountStyle {
    /// `1.00`
    #[default]
    Decimals,
    /// `1`
    Whole,
    /// `1.0`
    Float,
}

/// Whether the URL's secret is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Forged {
    #[default]
    No,
    /// Every long run of hex digits in the URL is another one.
    OtherSecret,
    /// The last segment of the path is missing.
    NoSecret,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Balance {
    /// As in the documented sample.
    #[default]
    Absent,
    /// As seen from the real service.
    WithoutValue,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metadata {
    #[default]
    Present,
    Null,
    Missing,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhoneStyle {
    #[default]
    Number,
    Text,
    /// `254708***430`
    Masked,
    Absent,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateStyle {
    #[default]
    Number,
    Text,
}

/// One scripted answer to a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueryAnswer {
    /// What the simulator knows.
    Truth,
    /// HTTP 400 `400.002.02`.
    InvalidCheckoutRequestId,
    /// HTTP 200 with `ResultCode` `4999`.
    StillProcessing,
    /// HTTP 500 `500.001.1001`, "being processed".
    BeingProcessed,
    /// HTTP 500 `500.001.1001`, "does not Exist", which real ids get now and then.
    DoesNotExist,
    /// HTTP 429 and the gateway's envelope.
    RateLimited,
    /// HTTP 200 with this `ResultCode`, true or not.
    Code(Code),
    InternalError,
    Html,
    Empty,
    HangUp,
}

/// What becomes of an asynchronous request (`TransactionStatus`, Reversal).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResultScript {
    #[default]
    Truth,
    Code(Code),
    /// `QueueTimeOutURL` is called instead of `ResultURL`.
    QueueTimeOut,
    Nothing,
}
