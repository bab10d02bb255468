//! What can go wrong with more than one thing that a customer does, in both languages.

pub(super) const fn not_in_hotspot() -> [(&'static str, &'static str); 2] {
    [
        (
            "This device is not on the hotspot",
            "Connect to the hotspot's Wi-Fi, turn mobile data off for a moment, and open this page again.",
        ),
        (
            "Kifaa hiki hakiko kwenye hotspot",
            "Jiunge na Wi-Fi ya hotspot, zima data ya simu kwa muda, kisha ufungue ukurasa huu tena.",
        ),
    ]
}

pub(super) const fn let_through() -> [(&'static str, &'static str); 2] {
    [
        (
            "This device needs no voucher",
            "The router lets it through without one, so there is nothing to buy. Whoever runs the hotspot can change that.",
        ),
        (
            "Kifaa hiki hakihitaji vocha",
            "Ruta inakiruhusu bila vocha, kwa hiyo hakuna cha kununua. Mwenye hotspot anaweza kubadilisha hilo.",
        ),
    ]
}

pub(super) const fn router_away() -> [(&'static str, &'static str); 2] {
    [
        (
            "The hotspot's router is not answering",
            "Nothing was charged or used. Try again in a minute.",
        ),
        (
            "Ruta ya hotspot haijibu",
            "Hakuna kilicholipwa wala kutumika. Jaribu tena baada ya dakika moja.",
        ),
    ]
}

pub(super) const fn bad_phone() -> [(&'static str, &'static str); 2] {
    [
        (
            "That is not a mobile number",
            "Enter a Kenyan number such as 0712 345 678.",
        ),
        (
            "Hiyo si nambari sahihi ya simu",
            "Weka nambari ya Kenya kama 0712 345 678.",
        ),
    ]
}
