//! What can go wrong with a payment, in both languages.

use mnara_protocol::message::PayFailure;

pub(super) const fn pay(failure: PayFailure) -> [(&'static str, &'static str); 2] {
    match failure {
        PayFailure::WrongPin => [
            (
                "The M-PESA PIN was wrong",
                "Nothing was charged. Try again and enter your PIN with care.",
            ),
            (
                "PIN ya M-PESA haikuwa sahihi",
                "Hujatozwa chochote. Jaribu tena uweke PIN kwa makini.",
            ),
        ],
        PayFailure::Cancelled => [
            (
                "The payment was cancelled",
                "Nothing was charged. Try again when you are ready.",
            ),
            (
                "Malipo yameghairiwa",
                "Hujatozwa chochote. Jaribu tena ukiwa tayari.",
            ),
        ],
        PayFailure::NoAnswer => [
            (
                "The phone did not answer",
                "Is it on and in reach? Look at the screen and try again. With an old SIM card, dial *234# first.",
            ),
            (
                "Simu haikujibu",
                "Je, imewashwa na ina mtandao? Angalia skrini ujaribu tena. Ukiwa na laini ya zamani, piga *234# kwanza.",
            ),
        ],
        PayFailure::NoMoney => [
            (
                "There is not enough money in M-PESA",
                "Nothing was charged. Top up, or choose a cheaper plan.",
            ),
            (
                "Salio la M-PESA halitoshi",
                "Hujatozwa chochote. Ongeza salio, au chagua kifurushi cha bei nafuu.",
            ),
        ],
        PayFailure::LimitReached => [
            (
                "An M-PESA limit was reached",
                "Nothing was charged. Try another amount or another phone, or come back tomorrow.",
            ),
            (
                "Kikomo cha M-PESA kimefikiwa",
                "Hujatozwa chochote. Jaribu kiasi kingine au simu nyingine, au urudi kesho.",
            ),
        ],
        PayFailure::OtherPrompt => [
            (
                "Another M-PESA prompt is open on that phone",
                "Finish or cancel it on the phone, wait a minute, then try again.",
            ),
            (
                "Ombi lingine la M-PESA liko wazi kwenye simu hiyo",
                "Limalize au ulighairi kwenye simu, subiri dakika moja, kisha ujaribu tena.",
            ),
        ],
        PayFailure::TooSoon => [
            (
                "The same payment was made just before",
                "M-PESA wants two minutes between equal payments. Wait, then try again.",
            ),
            (
                "Malipo kama haya yamefanywa sasa hivi",
                "M-PESA inataka dakika mbili kati ya malipo yanayofanana. Subiri, kisha ujaribu tena.",
            ),
        ],
        PayFailure::Expired => [
            (
                "The M-PESA prompt ran out",
                "Nothing was charged. Try again and enter your PIN within a minute.",
            ),
            (
                "Muda wa ombi la M-PESA umeisha",
                "Hujatozwa chochote. Jaribu tena uweke PIN ndani ya dakika moja.",
            ),
        ],
        PayFailure::ProviderAccount => [
            (
                "This hotspot cannot receive money right now",
                "Nothing was charged. Tell the people here; a voucher code works.",
            ),
            (
                "Hotspot hii haiwezi kupokea pesa sasa hivi",
                "Hujatozwa chochote. Waambie wahusika wa hapa; msimbo wa vocha unafanya kazi.",
            ),
        ],
        PayFailure::ProviderSetup => [
            (
                "M-PESA is not set up correctly at this hotspot",
                "Nothing was charged. Tell the people here; a voucher code works.",
            ),
            (
                "M-PESA haijawekwa sawasawa kwenye hotspot hii",
                "Hujatozwa chochote. Waambie wahusika wa hapa; msimbo wa vocha unafanya kazi.",
            ),
        ],
        PayFailure::Busy => [
            (
                "M-PESA is busy",
                "Nothing was charged. Try again in a minute.",
            ),
            (
                "M-PESA ina shughuli nyingi",
                "Hujatozwa chochote. Jaribu tena baada ya dakika moja.",
            ),
        ],
        PayFailure::Other(_) => [
            (
                "The payment did not go through",
                "Try again, or enter a voucher code. If money was taken, your voucher will appear here.",
            ),
            (
                "Malipo hayakukamilika",
                "Jaribu tena, au weka msimbo wa vocha. Kama pesa zilikatwa, vocha yako itaonekana hapa.",
            ),
        ],
        PayFailure::NotNow => not_now(),
        PayFailure::Blocked => [
            (
                "This number cannot pay at this hotspot",
                "Nothing was charged. Ask the people here; a voucher code works.",
            ),
            (
                "Nambari hii haiwezi kulipa kwenye hotspot hii",
                "Hujatozwa chochote. Waulize wahusika wa hapa; msimbo wa vocha unafanya kazi.",
            ),
        ],
        PayFailure::NoMpesa => [
            (
                "M-PESA does not take this number",
                "Nothing was charged. Give the number of a phone that has M-PESA.",
            ),
            (
                "M-PESA haikubali nambari hii",
                "Hujatozwa chochote. Andika nambari ya simu yenye M-PESA.",
            ),
        ],
        PayFailure::Locked => [
            (
                "Your M-PESA PIN is locked",
                "Nothing was charged. Call 100 or 200 to unlock it, or pay from another phone.",
            ),
            (
                "PIN yako ya M-PESA imefungwa",
                "Hujatozwa chochote. Piga 100 au 200 ifunguliwe, au lipa kwa simu nyingine.",
            ),
        ],
    }
}

/// The plan is sold at other hours, which the page says.
pub(super) const fn not_now() -> [(&'static str, &'static str); 2] {
    [
        (
            "This plan is not sold at this hour",
            "Nothing was charged. Its hours stand beside it: choose another plan, or come back then.",
        ),
        (
            "Kifurushi hiki hakiuzwi saa hii",
            "Hujatozwa chochote. Saa zake zimeandikwa kando yake: chagua kifurushi kingine, au rudi wakati huo.",
        ),
    ]
}
