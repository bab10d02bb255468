//! Everything that can go wrong for a customer, in both languages: what happened, and what to do. Short, no blame, no dead end.

use mnara_protocol::message::{NotClaimed, PayFailure};
use mnara_protocol::portal::Language;
use mnara_protocol::ticket::Refusal;

use crate::core::portal::{BuyError, ClaimError, PurchaseState, RedeemError, TryError};
use anywhere::{bad_phone, let_through, not_in_hotspot, router_away};
use claim::claim;
use pay::{not_now, pay};

mod anywhere;
mod claim;
mod pay;

/// What a customer met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// With a code.
    Redeem(RedeemError),
    /// With a purchase that did not begin.
    Buy(BuyError),
    /// A purchase of nothing: no plan was chosen.
    NoPlan,
    /// With a receipt that brought nothing.
    Claim(ClaimError),
    /// With trying for nothing.
    Try(TryError),
    /// With a payment.
    Pay(PayFailure),
    /// A payment whose fate is not known yet.
    PayUnknown,
    /// The device is not one of the hotspot's.
    NotInHotspot,
    /// The router lets the device through without a ticket.
    LetThrough,
    /// The router does not answer.
    RouterAway,
    /// Too much at once.
    Busy,
    /// A form from a page of an earlier start, or of another device.
    Stale,
    /// A form that cannot be read.
    BadForm,
    /// A form from another site.
    Elsewhere,
}

impl Trouble {
    /// What a purchase's state comes to, if it is a trouble.
    pub(super) const fn of_purchase(state: PurchaseState) -> Option<Self> {
        match state {
            PurchaseState::Asking | PurchaseState::CheckPhone { .. } => None,
            PurchaseState::Failed(failure) => Some(Self::Pay(failure)),
            PurchaseState::PriceChanged => Some(Self::Buy(BuyError::PriceChanged)),
            PurchaseState::NoCloud => Some(Self::Buy(BuyError::NoCloud)),
            PurchaseState::LateUnknown => Some(Self::PayUnknown),
        }
    }

    /// The status of its page.
    pub(super) const fn status(self) -> u16 {
        match self {
            Self::Busy => 503,
            Self::BadForm => 400,
            Self::Elsewhere => 403,
            Self::Redeem(RedeemError::Throttled { .. })
            | Self::Buy(BuyError::TooMany { .. })
            | Self::Claim(ClaimError::TooMany { .. }) => 429,
            _ => 200,
        }
    }

    /// Whether it ends by itself, so that its page says to keep it open.
    pub(super) const fn is_waited_out(self) -> bool {
        matches!(self, Self::Claim(ClaimError::Refused(NotClaimed::Unknown)))
    }

    /// When trying again makes sense, in seconds.
    pub(super) const fn retry_secs(self) -> Option<u32> {
        match self {
            Self::Redeem(RedeemError::Throttled { retry_secs })
            | Self::Buy(BuyError::TooMany { retry_secs })
            | Self::Claim(ClaimError::TooMany { retry_secs }) => Some(retry_secs),
            Self::Buy(BuyError::NotPrompted(_, retry)) => retry,
            Self::Try(TryError::HadOne { again_secs }) => Some(again_secs),
            Self::Busy => Some(5),
            _ => None,
        }
    }

    /// What happened, and what to do.
    pub(super) const fn words(self, language: Language) -> (&'static str, &'static str) {
        let [english, swahili] = self.both();
        match language {
            Language::English => english,
            Language::Swahili => swahili,
        }
    }

    const fn both(self) -> [(&'static str, &'static str); 2] {
        match self {
            Self::Redeem(error) => redeem(error),
            Self::Buy(BuyError::NotPrompted(failure, _)) | Self::Pay(failure) => pay(failure),
            Self::Buy(error) => buy(error),
            Self::NoPlan => [
                (
                    "Choose a plan first",
                    "Nothing was charged. Tick the plan you want, then press again.",
                ),
                (
                    "Chagua kifurushi kwanza",
                    "Hujatozwa chochote. Chagua kifurushi unachotaka, kisha ubonyeze tena.",
                ),
            ],
            Self::Claim(error) => claim(error),
            Self::Try(error) => attempt(error),
            Self::PayUnknown => [
                (
                    "We are still waiting for M-PESA",
                    "Do not pay again. If money was taken, your voucher comes to this page by itself, also minutes later.",
                ),
                (
                    "Bado tunasubiri M-PESA",
                    "Usilipe tena. Kama pesa imekatwa, vocha yako itakuja kwenye ukurasa huu yenyewe, hata baada ya dakika kadhaa.",
                ),
            ],
            Self::NotInHotspot => not_in_hotspot(),
            Self::LetThrough => let_through(),
            Self::RouterAway => [
                (
                    "The hotspot's router is not answering",
                    "We cannot see who you are until it is back. If you have paid or used a code, it is safe. Do not pay again; this page updates itself.",
                ),
                (
                    "Ruta ya hotspot haijibu",
                    "Hatuwezi kukutambua hadi itakaporudi. Kama umelipa au umetumia msimbo, uko salama. Usilipe tena; ukurasa huu unajisasisha wenyewe.",
                ),
            ],
            Self::Busy => [
                (
                    "The hotspot is busy for a moment",
                    "Wait a few seconds and try again. Nothing is lost.",
                ),
                (
                    "Hotspot ina kazi nyingi kwa sasa",
                    "Subiri sekunde chache ujaribu tena. Hakuna kilichopotea.",
                ),
            ],
            Self::Stale => [
                (
                    "This page had become too old",
                    "Nothing was charged or used. The page is fresh now: please press again.",
                ),
                (
                    "Ukurasa huu ulikuwa umepitwa na wakati",
                    "Hakuna kilicholipwa wala kutumika. Ukurasa sasa ni mpya: tafadhali bonyeza tena.",
                ),
            ],
            Self::BadForm => [
                (
                    "We could not read what you sent",
                    "Nothing was charged or used. Type it again, only the code or the phone number.",
                ),
                (
                    "Hatukuweza kusoma ulichotuma",
                    "Hakuna kilicholipwa wala kutumika. Andika tena, msimbo au nambari ya simu pekee.",
                ),
            ],
            Self::Elsewhere => [
                (
                    "That did not come from this page",
                    "Another site tried to press a button here for you. Nothing was charged or used. Use the form on this page.",
                ),
                (
                    "Ombi hilo halikutoka kwenye ukurasa huu",
                    "Tovuti nyingine imejaribu kubonyeza kitufe hapa kwa niaba yako. Hakuna kilicholipwa wala kutumika. Tumia fomu ya ukurasa huu.",
                ),
            ],
        }
    }
}

const fn redeem(error: RedeemError) -> [(&'static str, &'static str); 2] {
    match error {
        RedeemError::Refused(Refusal::Unknown) => [
            (
                "We do not know this code",
                "Check each letter and digit and type it again, or ask where you got it.",
            ),
            (
                "Hatuutambui msimbo huu",
                "Kagua kila herufi na tarakimu uandike tena, au uulize ulipoupata.",
            ),
        ],
        RedeemError::Refused(Refusal::Used) => [
            (
                "This code is used up",
                "Its time or data are finished, or it was used at another hotspot. Buy a new voucher or enter another code.",
            ),
            (
                "Msimbo huu umeisha",
                "Muda au data yake imekwisha, au umetumika kwenye hotspot nyingine. Nunua vocha mpya au weka msimbo mwingine.",
            ),
        ],
        RedeemError::Refused(Refusal::Expired) => [
            (
                "This code has expired",
                "It was not used before its date. Ask where you got it, or buy a new voucher.",
            ),
            (
                "Msimbo huu umepitwa na wakati",
                "Haukutumika kabla ya tarehe yake. Uliza ulipoupata, au nunua vocha mpya.",
            ),
        ],
        RedeemError::Refused(Refusal::Revoked) => [
            (
                "This code was taken back",
                "Ask where you got it, or buy a new voucher.",
            ),
            (
                "Msimbo huu umefutwa",
                "Uliza ulipoupata, au nunua vocha mpya.",
            ),
        ],
        RedeemError::Refused(Refusal::OtherSite) => [
            (
                "This code is for another place",
                "Use it at the hotspot it was sold for, or buy a voucher here.",
            ),
            (
                "Msimbo huu ni wa mahali pengine",
                "Utumie kwenye hotspot ulipouzwa, au nunua vocha hapa.",
            ),
        ],
        RedeemError::Refused(Refusal::NeedsController) | RedeemError::CloudAwayUnknown => [
            (
                "This code cannot be checked right now",
                "The hotspot has no connection to its centre. Codes sold here still work; try this one again in a few minutes.",
            ),
            (
                "Msimbo huu hauwezi kukaguliwa sasa",
                "Hotspot haina mawasiliano na kituo chake kwa sasa. Misimbo iliyouzwa hapa bado inafanya kazi; jaribu huu tena baada ya dakika chache.",
            ),
        ],
        RedeemError::Refused(Refusal::Other(_)) => [
            (
                "This code cannot be used here",
                "Ask where you got it, or buy a new voucher.",
            ),
            (
                "Msimbo huu hauwezi kutumika hapa",
                "Uliza ulipoupata, au nunua vocha mpya.",
            ),
        ],
        RedeemError::Throttled { .. } => [
            (
                "Too many wrong codes",
                "Wait a moment, check the code, and type it again.",
            ),
            (
                "Misimbo mingi isiyo sahihi",
                "Subiri kidogo, kagua msimbo, kisha uandike tena.",
            ),
        ],
        RedeemError::BadCode => [
            (
                "That is not a whole code",
                "A code has 6 to 16 letters and digits, as on your voucher. Dashes may be left out.",
            ),
            (
                "Huo si msimbo kamili",
                "Msimbo una herufi na tarakimu 6 hadi 16, kama kwenye vocha. Si lazima uandike vistari.",
            ),
        ],
        RedeemError::NotInHotspot => not_in_hotspot(),
        RedeemError::LetThrough => let_through(),
        RedeemError::RouterAway => router_away(),
        RedeemError::StoreFull => [
            (
                "No new codes can be taken right now",
                "The hotspot cannot write anything down. Your code is not used; tell the people here.",
            ),
            (
                "Misimbo mipya haipokelewi sasa hivi",
                "Hotspot haiwezi kuhifadhi chochote. Msimbo wako haujatumika; waambie wahusika wa hapa.",
            ),
        ],
        RedeemError::Resyncing => [
            (
                "The hotspot is starting up",
                "It is reading back what was used before. Try again in a minute; your code is not used.",
            ),
            (
                "Hotspot inaanza upya",
                "Inasoma yaliyotumika awali. Jaribu tena baada ya dakika moja; msimbo wako haujatumika.",
            ),
        ],
    }
}

const fn attempt(error: TryError) -> [(&'static str, &'static str); 2] {
    match error {
        TryError::NotOffered => [
            (
                "There is no free trial here now",
                "Choose a plan, or enter a voucher code.",
            ),
            (
                "Hakuna jaribio la bure hapa kwa sasa",
                "Chagua kifurushi, au weka msimbo wa vocha.",
            ),
        ],
        TryError::HadOne { .. } => [
            (
                "This phone has had its free trial",
                "Choose a plan to go on, or enter a voucher code.",
            ),
            (
                "Simu hii imeshatumia jaribio lake la bure",
                "Chagua kifurushi ili uendelee, au weka msimbo wa vocha.",
            ),
        ],
        TryError::DayIsFull => [
            (
                "Today's free trials are all taken",
                "Choose a plan, or come back tomorrow.",
            ),
            (
                "Majaribio ya bure ya leo yameisha",
                "Chagua kifurushi, au rudi kesho.",
            ),
        ],
        TryError::NotInHotspot => not_in_hotspot(),
        TryError::LetThrough => let_through(),
        TryError::RouterAway => router_away(),
        TryError::StoreFull => [
            (
                "No free trial can be given right now",
                "The hotspot cannot write anything down. Try again later, and tell the people here.",
            ),
            (
                "Jaribio la bure haliwezi kutolewa sasa hivi",
                "Hotspot haiwezi kuhifadhi chochote. Jaribu tena baadaye, na uwaambie wahusika wa hapa.",
            ),
        ],
        TryError::Resyncing => [
            (
                "The hotspot is starting up",
                "It is reading back what was used before. Try again in a minute.",
            ),
            (
                "Hotspot inaanza upya",
                "Inasoma yaliyotumika awali. Jaribu tena baada ya dakika moja.",
            ),
        ],
    }
}

const fn buy(error: BuyError) -> [(&'static str, &'static str); 2] {
    match error {
        BuyError::BadPhone => bad_phone(),
        BuyError::PlanGone => [
            (
                "This plan is no longer sold",
                "Nothing was charged. Choose another plan.",
            ),
            (
                "Kifurushi hiki hakiuzwi tena",
                "Hujatozwa chochote. Chagua kifurushi kingine.",
            ),
        ],
        BuyError::NotNow => not_now(),
        BuyError::PriceChanged => [
            (
                "The plan has just changed",
                "Nothing was charged. Look at the new price and choose again.",
            ),
            (
                "Kifurushi kimebadilika sasa hivi",
                "Hujatozwa chochote. Angalia bei mpya kisha uchague tena.",
            ),
        ],
        BuyError::NoCloud => [
            (
                "M-PESA cannot be reached from here right now",
                "Nothing was charged. Voucher codes still work. Try M-PESA again in a few minutes.",
            ),
            (
                "M-PESA haipatikani kutoka hapa kwa sasa",
                "Hujatozwa chochote. Misimbo ya vocha bado inafanya kazi. Jaribu M-PESA tena baada ya dakika chache.",
            ),
        ],
        BuyError::SalesClosed => [
            (
                "M-PESA sales are closed here",
                "Nothing was charged. A voucher code works; ask the people here.",
            ),
            (
                "M-PESA imefungwa hapa",
                "Hujatozwa chochote. Msimbo wa vocha unafanya kazi; waulize wahusika wa hapa.",
            ),
        ],
        BuyError::TooMany { .. } => [
            (
                "Too many tries",
                "Wait a moment, then try again. Nothing was charged.",
            ),
            (
                "Umejaribu mara nyingi",
                "Subiri kidogo kisha ujaribu tena. Hujatozwa chochote.",
            ),
        ],
        BuyError::NotInHotspot => not_in_hotspot(),
        BuyError::LetThrough => let_through(),
        BuyError::RouterAway => router_away(),
        BuyError::NotPrompted(failure, _) => pay(failure),
    }
}
