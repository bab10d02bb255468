//! Every way Daraja says no: its own envelope, the gateway's, a page of HTML, nothing. When to say it is decided elsewhere.

use rand::rngs::StdRng;

use super::{
    http::Answer,
    ids,
    json::{object, text},
    script::{Refusal, Reply},
};

/// Writes the error envelope for a refusal.
pub(super) fn envelope(rng: &mut StdRng, refusal: &Refusal) -> Answer {
    let (status, code, message) = words(refusal);
    if *refusal == Refusal::NoApiProduct {
        return fault(
            status,
            message,
            "keymanagement.service.InvalidAPICallAsNoApiProductMatchFound",
        );
    }
    coded(rng, status, code, message)
}

/// Writes a refusal as C2B and `TransactionStatus` do, whose bad requests have a code of their own.
pub(super) fn c2b_and_status(rng: &mut StdRng, refusal: &Refusal) -> Answer {
    match refusal {
        Refusal::InvalidField(_) => coded(rng, 400, "400.003.02", words(refusal).2),
        other => envelope(rng, other),
    }
}

/// Writes the error envelope with words of one product.
pub(super) fn coded(
    rng: &mut StdRng,
    status: u16,
    code: &str,
    message: impl Into<String>,
) -> Answer {
    let body = object([
        ("requestId", text(ids::request_id(rng))),
        ("errorCode", text(code)),
        ("errorMessage", text(message)),
    ]);
    Answer::json(status, &body)
}

/// Writes a scripted reply; `Normal` is left to the caller.
pub(super) fn scripted(rng: &mut StdRng, reply: &Reply) -> Option<Answer> {
    Some(match reply {
        Reply::Normal => return None,
        Reply::Error(refusal) => envelope(rng, refusal),
        Reply::OkWithError(refusal) => envelope(rng, refusal).with_status(200),
        Reply::Fault => spike_arrest(5),
        Reply::Html => html(),
        Reply::Empty => empty(),
        Reply::HangUp => Answer::HangUp,
    })
}

/// Writes the gateway's answer to too many requests.
pub(super) fn spike_arrest(per_minute: u32) -> Answer {
    let words = format!(
        "Spike arrest violation. Allowed rate : MessageRate{{messagesPerPeriod={per_minute}, \
         periodInMicroseconds=60000000, maxBurstMessageCount=1.0}}"
    );
    fault(429, words, "policies.ratelimit.SpikeArrestViolation")
}

pub(super) fn html() -> Answer {
    Answer::Reply {
        status: 503,
        content_type: "text/html",
        body: "<html><head><title>503 Service Temporarily Unavailable</title></head>\
               <body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>"
            .into(),
    }
}

pub(super) fn empty() -> Answer {
    Answer::Reply {
        status: 200,
        content_type: "application/json",
        body: String::new(),
    }
}

fn fault(status: u16, words: impl Into<String>, code: &str) -> Answer {
    let body = object([(
        "fault",
        object([
            ("faultstring", text(words)),
            ("detail", object([("errorcode", text(code))])),
        ]),
    )]);
    Answer::json(status, &body)
}

fn words(refusal: &Refusal) -> (u16, &'static str, String) {
    let fixed = |status, code, message: &str| (status, code, message.to_owned());
    match refusal {
        Refusal::InvalidField(field) => {
            (400, "400.002.02", format!("Bad Request - Invalid {field}"))
        }
        Refusal::InvalidPayload => fixed(400, "400.002.05", "Invalid Request Payload"),
        Refusal::InvalidToken => fixed(404, "404.001.03", "Invalid Access Token"),
        Refusal::ResourceNotFound => fixed(404, "404.001.01", "Resource not found"),
        Refusal::HeaderMissing => fixed(404, "404.001.04", "Invalid Authentication Header"),
        Refusal::MethodNotAllowed => fixed(405, "405.001", "Method Not Allowed"),
        Refusal::MerchantUnknown => fixed(500, "500.001.1001", "Merchant does not exist"),
        Refusal::WrongCredentials => fixed(500, "500.001.1001", "Wrong credentials"),
        Refusal::SubscriberLocked => fixed(
            500,
            "500.001.1001",
            "Unable to lock subscriber, a transaction is already in process for the current subscriber",
        ),
        Refusal::SystemBusy => fixed(
            500,
            "500.003.02",
            "System is busy. Please try again in few minutes.",
        ),
        Refusal::SpikeArrest => fixed(500, "500.003.02", "Error Occurred: Spike Arrest Violation"),
        Refusal::QuotaViolation => fixed(500, "500.003.03", "Quota Violation"),
        Refusal::InternalError => fixed(500, "500.003.1001", "Internal Server Error"),
        Refusal::NoApiProduct => fixed(401, "", "Invalid API call as no apiproduct match found"),
    }
}
