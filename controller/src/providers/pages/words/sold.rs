//! What the platform sells to businesses, as its staff see it.

words! {
    /// What the platform sells to businesses, as its staff see it.
    SoldWords {
        title: "Subscriptions" "Usajili wa malipo",
        off: "This controller has no account at Pesapal, so no business is asked to pay." "Kidhibiti hiki hakina akaunti ya Pesapal, kwa hiyo hakuna biashara inayoombwa kulipa.",
        none: "No business stands so." "Hakuna biashara yenye hali hii.",
        plan: "Plan" "Kifurushi",
        no_plan: "no plan yet" "bado hakuna kifurushi",
        due: "paid until" "imelipwa hadi",
        closes: "sales stop" "mauzo yatasimama",
        orders: "Its orders" "Oda zake",
        orders_of: "Orders of" "Oda za",
        no_orders: "It has ordered nothing yet." "Bado haijaagiza chochote.",
        to_business: "The business" "Biashara yenyewe",
        to_plans: "Plans for businesses" "Vifurushi vya biashara",
        stage_none: "no plan" "bila kifurushi",
        stage_trial: "on trial" "kwenye jaribio",
        stage_active: "paid" "imelipa",
        stage_grace: "in grace" "muda wa ziada",
        stage_restricted: "restricted" "imezuiwa",
        flagged: "Orders that need you" "Oda zinazokuhitaji",
        flagged_none: "No order needs anybody." "Hakuna oda inayohitaji mtu.",
        asked: "asked" "iliombwa",
        was_paid: "paid" "ililipwa",
        receipt: "receipt" "risiti",
        flag_reference: "Pesapal's answer names another order" "Jibu la Pesapal linataja oda nyingine",
        flag_amount: "another amount was paid" "kiasi kingine kimelipwa",
        flag_currency: "it was paid in another currency" "imelipwa kwa sarafu nyingine",
        flag_contrary: "Pesapal takes back what it said" "Pesapal imebadilisha ilichosema",
        flag_code: "Pesapal says something nobody knows" "Pesapal imesema kisichojulikana",
        flag_double: "perhaps paid twice: another order was paid while this one waited" "huenda imelipwa mara mbili: oda nyingine ililipwa hii ikisubiri",
        flag_late: "a change of plan that came when no time was left" "mabadiliko ya kifurushi yaliyofika muda ukiwa umekwisha",
        state_created: "being made" "inatengenezwa",
        state_submitted: "not paid yet" "bado haijalipwa",
        state_lost: "answer lost" "jibu limepotea",
        state_refused: "not taken" "haikupokelewa",
        state_completed: "paid" "imelipwa",
        state_failed: "failed" "imeshindikana",
        state_expired: "given up" "imeachwa",
        state_reversed: "paid back" "imerudishwa",
        refund_begun: "asked to go back" "imeombwa irudishwe",
        refund_taken: "goes back once it is agreed to at Pesapal" "itarudishwa ikikubaliwa Pesapal",
        refund_refused: "Pesapal did not give it back" "Pesapal haikuirudisha",
        refund_lost: "asked to go back; no answer came" "imeombwa irudishwe; jibu halikuja",
        extend: "Count it as paid" "Ihesabu kuwa imelipwa",
        refund: "Give it back" "Irudishe",
        keep: "Leave it" "Iache",
        refund_title: "Give money back" "Rudisha pesa",
        refund_text:
            "Pesapal will be asked to give the whole payment back. Say once more who you are, so that nobody does it from a browser you left open."
            "Pesapal itaombwa irudishe malipo yote. Thibitisha tena wewe ni nani, ili mtu asifanye hivyo kwa kivinjari ulichoacha wazi.",
        refund_not: "Leave it as it is" "Iache ilivyo",
        declined: "Pesapal declined it" "Pesapal imekataa",
        declined_title: "Pesapal declined to give money back" "Pesapal imekataa kurudisha pesa",
        declined_text:
            "Say so once it is declined at Pesapal, which never tells us. The money then counts as kept: it can be asked for again, or a flagged order counted as paid. Say once more who you are, so that nobody does it from a browser you left open."
            "Sema hivyo ikiwa imekataliwa Pesapal, kwani Pesapal haituambii. Pesa zitahesabika kuwa zimebaki: zinaweza kuombwa tena, au oda iliyotiwa alama ihesabiwe kuwa imelipwa. Thibitisha tena wewe ni nani, ili mtu asifanye hivyo kwa kivinjari ulichoacha wazi.",
        was_declined: "Noted. The money counts as kept." "Imeandikwa. Pesa zinahesabika kuwa zimebaki.",
        resolved: "Done. It is written in the audit." "Imefanyika. Imeandikwa kwenye kumbukumbu.",
        refund_asked:
            "Pesapal was asked. It is back once somebody agrees there; what it paid for then counts no longer."
            "Pesapal imeombwa. Itarudi ikikubaliwa huko; kilicholipiwa hakitahesabika tena.",
        senseless: "That cannot be done with this order as it is now." "Hilo haliwezekani kwa oda hii ilivyo sasa.",
        rail: "Pesapal did not take it. Look there, and try again later." "Pesapal haikupokea. Angalia huko, kisha ujaribu tena baadaye.",
        issuer: "What stands above invoices" "Kinachoandikwa juu ya ankara",
        issuer_text: "Who you are, your address and your KRA PIN: a line each." "Wewe ni nani, anwani na PIN yako ya KRA: mstari mmoja kila kimoja.",
        issuer_kept: "It stands above invoices that are issued from now on." "Itaandikwa juu ya ankara zitakazotolewa kuanzia sasa.",
        keep_it: "Save" "Hifadhi",
        more: "More" "Zaidi",
        all: "All" "Zote",
        plans_title: "Plans for businesses" "Vifurushi vya biashara",
        plans_none: "No plan yet. Nobody is asked to pay until one is offered." "Bado hakuna kifurushi. Hakuna anayeombwa kulipa hadi kimoja kitolewe.",
        offered: "offered" "kinatolewa",
        retired: "not offered" "hakitolewi",
        on_it: "Businesses on it" "Biashara zilizo nacho",
        saves: "less than twelve months" "nafuu kuliko miezi 12",
        trial: "{n} days of trial" "siku {n} za jaribio",
        new_plan: "New plan" "Kifurushi kipya",
        change_plan: "Change this plan" "Badilisha kifurushi hiki",
        change_text:
            "What was paid for stays as it was bought; the change is for new periods."
            "Kilicholipiwa kinabaki kilivyonunuliwa; mabadiliko ni ya vipindi vipya.",
        name: "Name" "Jina",
        period: "Paid by the" "Hulipwa kwa",
        month: "month" "mwezi",
        year: "year" "mwaka",
        price: "Price" "Bei",
        currency: "Currency" "Sarafu",
        sites: "Sites at most (empty: any number)" "Maeneo yasiyozidi (tupu: bila kikomo)",
        trial_days: "Days of trial for new businesses" "Siku za jaribio kwa biashara mpya",
        features: "What it opens" "Kinachofunguliwa",
        make: "Offer it" "Kitoe",
        change: "Change" "Badilisha",
        retire: "Take off sale" "Ondoa",
        offer_again: "Offer again" "Kitoe tena",
        plan_made: "The plan is offered." "Kifurushi kinatolewa.",
        plan_changed: "Changed for new periods." "Kimebadilishwa kwa vipindi vipya.",
        plan_moved: "Done. Whoever has it keeps it." "Imefanyika. Aliye nacho anabaki nacho.",
        bad_name: "Give the plan a name of 1 to 60 letters." "Kipe kifurushi jina la herufi 1 hadi 60.",
        bad_price: "Type a price, such as 1500 or 12.50." "Andika bei, kama 1500 au 12.50.",
        bad_sites: "Type a number of sites from 1 to 100,000, or nothing." "Andika idadi ya maeneo kutoka 1 hadi 100,000, au acha tupu.",
        bad_trial: "Type 0 to 365 days of trial." "Andika siku 0 hadi 365 za jaribio.",
    }
}

impl SoldWords {
    /// How a business stands.
    #[must_use]
    pub fn stage(&self, word: &str) -> &'static str {
        match word {
            "trial" => self.stage_trial,
            "active" => self.stage_active,
            "grace" => self.stage_grace,
            "restricted" => self.stage_restricted,
            _ => self.stage_none,
        }
    }

    /// Why an order needs somebody.
    #[must_use]
    pub fn flag(&self, word: &str) -> &'static str {
        match word {
            "reference" => self.flag_reference,
            "amount" => self.flag_amount,
            "currency" => self.flag_currency,
            "contrary" => self.flag_contrary,
            "double" => self.flag_double,
            "late" => self.flag_late,
            _ => self.flag_code,
        }
    }

    /// Where an order is.
    #[must_use]
    pub fn state(&self, word: &str) -> &'static str {
        match word {
            "created" => self.state_created,
            "lost" => self.state_lost,
            "refused" => self.state_refused,
            "completed" => self.state_completed,
            "failed" => self.state_failed,
            "expired" => self.state_expired,
            "reversed" => self.state_reversed,
            _ => self.state_submitted,
        }
    }

    /// Where money is that should go back.
    #[must_use]
    pub fn refund(&self, word: &str) -> &'static str {
        match word {
            "taken" => self.refund_taken,
            "refused" => self.refund_refused,
            "lost" => self.refund_lost,
            _ => self.refund_begun,
        }
    }
}
