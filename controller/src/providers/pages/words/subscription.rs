//! What a business pays the platform.

words! {
    /// What a business pays the platform.
    SubscriptionWords {
        title: "Subscription" "Usajili",
        off: "Nobody is asked to pay for Mnara here." "Hakuna anayeombwa kulipia Mnara hapa.",
        now: "How you stand" "Hali yako",
        plan: "Plan" "Kifurushi",
        own: "Your plan" "Kifurushi chako",
        until: "Paid until" "Imelipwa hadi",
        was_until: "Was paid until" "Ilikuwa imelipwa hadi",
        trial_until: "Trial until" "Jaribio hadi",
        trial_ended: "Trial ended" "Jaribio liliisha",
        none: "You have no subscription yet. Choose a plan below." "Bado hujachagua kifurushi cha Mnara. Chagua hapa chini.",
        pending: "Your first payment has not come yet." "Malipo yako ya kwanza bado hayajafika.",
        trial: "You are trying Mnara out for nothing." "Unajaribu Mnara bila malipo.",
        active: "Your subscription is paid." "Usajili wako umelipwa.",
        expired: "Your subscription has run out. Pay below to go on." "Usajili wako umekwisha. Lipa hapa chini ili uendelee.",
        restricted:
            "Your subscription has run out. Your sites sell nothing new now; who is online stays so, and vouchers that were sold go on working. Pay below and everything opens again at once."
            "Usajili wako umekwisha. Maeneo yako hayauzi kipya sasa; walio mtandaoni wanaendelea, na vocha zilizouzwa zinaendelea kufanya kazi. Lipa hapa chini na kila kitu kitafunguka mara moja.",
        closes: "Everything goes on until" "Kila kitu kinaendelea hadi",
        restricted_why:
            "The page you asked for opens again as soon as the subscription is paid. Nothing was lost."
            "Ukurasa huo utafunguka tena mara usajili ukilipwa. Hakuna kilichopotea.",
        own_data:
            "Your data are yours, whether you pay or not:"
            "Data yako ni yako, ulipe usilipe:",
        sites_why:
            "Your plan is for no more sites than you have."
            "Kifurushi chako hakiruhusu maeneo zaidi ya uliyonayo.",
        card_other:
            "You are on {on}. Your card goes on being charged {price} by itself, which pays for {plan}: a change of plan does not reach the card, and only you can end the charge, at Pesapal or at your bank. Nothing of it is lost: each charge adds a whole period of {plan} after what is paid for. To pay for {on} by card, end that charge first, then order {on} below with the box ticked."
            "Uko kwenye {on}. Kadi yako inaendelea kukatwa {price} yenyewe, ambayo inalipia {plan}: mabadiliko ya kifurushi hayafiki kwenye kadi, na ni wewe pekee unayeweza kusitisha makato hayo, kwa Pesapal au benki yako. Hakuna kinachopotea: kila makato huongeza kipindi kizima cha {plan} baada ya kilicholipiwa. Ili kulipia {on} kwa kadi, sitisha makato hayo kwanza, kisha uagize {on} hapa chini ukiwa umeweka alama kwenye kisanduku.",
        card_perhaps:
            "You are on {on}. If you ticked at Pesapal that your card may be charged again, it is charged {price} by itself, which pays for {plan}: a change of plan does not reach the card, and only you can end the charge, at Pesapal or at your bank. Nothing of it is lost: each charge adds a whole period of {plan} after what is paid for."
            "Uko kwenye {on}. Kama uliweka alama kwa Pesapal kwamba kadi yako inaweza kukatwa tena, itakatwa {price} yenyewe, ambayo inalipia {plan}: mabadiliko ya kifurushi hayafiki kwenye kadi, na ni wewe pekee unayeweza kusitisha makato hayo, kwa Pesapal au benki yako. Hakuna kinachopotea: kila makato huongeza kipindi kizima cha {plan} baada ya kilicholipiwa.",
        lacks_why: "Your plan does not have this" "Kifurushi chako hakina hiki",
        look_rests:
            "What you set there is kept: until you are on such a plan, your sites show a plain page and give nothing away to try."
            "Ulichoweka huko kimehifadhiwa: hadi utakapokuwa kwenye kifurushi cha namna hiyo, maeneo yako yataonyesha ukurasa wa kawaida na hayatatoa majaribio ya bure.",
        look_would_rest:
            "Without your own look: while you are on this plan, the colours, words and logo you set and what new phones may try for nothing rest. They are kept for a plan that has it."
            "Bila mwonekano wako: ukiwa kwenye kifurushi hiki, rangi, maneno na nembo ulizoweka pamoja na majaribio ya bure ya simu mpya havitaonekana. Vinahifadhiwa kwa kifurushi chenye mwonekano wako.",
        these_have_it: "These do:" "Hivi vinacho:",
        nobody_has_it: "No plan that is offered does." "Hakuna kifurushi kinachotolewa chenye hicho.",
        ask_them: "Ask whoever runs this Mnara." "Mwulize anayeiendesha Mnara hii.",
        at_once: "Change at once for" "Badilisha mara moja kwa",
        better:
            "{price} is the difference for the time you have paid for, until {until}. It is counted to this moment and rounded up. No time is added."
            "{price} ni tofauti kwa muda uliolipia, hadi {until}. Imehesabiwa hadi sasa hivi na kupandishwa hadi kiasi kizima. Hakuna muda unaoongezwa.",
        anew:
            "What is left of what you have paid is worth {credit}, counted to this moment and rounded down. {whole} less that is {price}, rounded up. {plan} begins at once and lasts until {until} if you pay now."
            "Kilichobaki kwenye malipo yako kina thamani ya {credit}, ikihesabiwa hadi sasa hivi na kushushwa hadi senti nzima. {whole} ukitoa hiyo ni {price}, ikipandishwa hadi kiasi kizima. {plan} kitaanza mara moja na kudumu hadi {until} ukilipa sasa.",
        free:
            "What is left of what you have paid is worth {credit}, counted to this moment and rounded down. It pays for {plan} from now until {until}. You pay nothing, and nothing comes back as money."
            "Kilichobaki kwenye malipo yako kina thamani ya {credit}, ikihesabiwa hadi sasa hivi na kushushwa hadi senti nzima. Kinalipia {plan} kuanzia sasa hadi {until}. Hulipi chochote, na hakuna pesa zitakazorudishwa.",
        change_free: "Change at once, nothing to pay" "Badilisha mara moja, bila kulipa",
        changed: "You are on the other plan now." "Sasa uko kwenye kifurushi hicho kingine.",
        costs_nothing:
            "What is left pays for this change, so there is nothing to order. You find it below, with the time it comes to."
            "Kilichobaki kinalipia mabadiliko haya, kwa hiyo hakuna cha kuagiza. Utayaona hapa chini, pamoja na muda wake.",
        other_currency:
            "Only for the next period: what you have paid is in {currency}, and nobody has set here what that is worth in another currency. If you pay for this plan now, it follows what is paid for."
            "Kwa kipindi kijacho tu: ulilipa kwa {currency}, na hapa hakuna aliyeweka thamani yake kwa sarafu nyingine. Ukikilipia kifurushi hiki sasa, kitafuata baada ya kilicholipiwa.",
        too_long:
            "Only for the next period: what you have paid would last for more than ten years on this plan."
            "Kwa kipindi kijacho tu: ulicholipa kingedumu zaidi ya miaka kumi kwenye kifurushi hiki.",
        after_trial:
            "After your trial only: paid now, this plan begins on {day}."
            "Baada ya jaribio tu: ukilipa sasa, kifurushi hiki kitaanza {day}.",
        too_small:
            "This plan is for {most} sites and you have {n}. Choose one for more."
            "Kifurushi hiki ni cha maeneo {most}, nawe una {n}. Chagua kinachoruhusu zaidi.",
        too_few_sites:
            "That plan is for fewer sites than you have. Choose one for more."
            "Kifurushi hicho ni cha maeneo machache kuliko uliyonayo. Chagua kinachoruhusu zaidi.",
        upgraded: "change of plan" "mabadiliko ya kifurushi",
        no_upgrade:
            "This plan cannot be changed to at once. Order it for the next period."
            "Huwezi kubadilisha kwenda kifurushi hiki mara moja. Kiagize kwa kipindi kijacho.",
        cancel: "Call it off" "Ghairi",
        cancelled: "The order is called off. Nobody can pay it by accident." "Oda imeghairiwa. Hakuna atakayeilipa kwa bahati mbaya.",
        not_cancelled:
            "Pesapal did not call it off; perhaps it was just paid. Look again in a moment."
            "Pesapal haikuighairi; labda imelipwa sasa hivi. Angalia tena baada ya muda mfupi.",
        invoice: "Invoice" "Ankara",
        open: "Waiting for your payment" "Tunasubiri malipo yako",
        open_text:
            "Pesapal takes M-PESA and cards. When you have paid, this page says so within a minute; look again then."
            "Pesapal hupokea M-PESA na kadi. Ukishalipa, ukurasa huu utasema hivyo ndani ya dakika moja; angalia tena wakati huo.",
        go_on: "Pay at Pesapal" "Lipa kwa Pesapal",
        look: "Look again" "Angalia tena",
        plans: "Plans" "Vifurushi",
        no_plans: "There are no plans to choose from yet. Ask whoever runs this Mnara." "Bado hakuna vifurushi vya kuchagua. Mwulize anayeiendesha Mnara hii.",
        month: "a month" "kwa mwezi",
        year: "a year" "kwa mwaka",
        any_sites: "any number of sites" "maeneo bila kikomo",
        sites: "{n} sites at most" "maeneo yasiyozidi {n}",
        pay: "Pay" "Lipa",
        more_early: "Paying early loses nothing: the time is added at the end." "Kulipa mapema hakupotezi kitu: muda huongezwa mwishoni.",
        recurring: "Let my card pay each time by itself" "Nikatwe kwenye kadi yangu kila kipindi bila kuulizwa",
        recurring_text:
            "If you let your card pay each time by itself, you agree once more on Pesapal's page, and can end it there."
            "Ukiruhusu kukatwa kwenye kadi kila kipindi, utakubali mara nyingine kwenye ukurasa wa Pesapal, na unaweza kusitisha huko.",
        try_out: "Try it free for {n} days" "Jaribu bila malipo kwa siku {n}",
        history: "Your orders" "Oda zako",
        no_history: "You have ordered nothing yet." "Bado hujaagiza chochote.",
        older: "Older" "Za zamani",
        receipt: "receipt" "risiti",
        by_itself: "charged by itself" "ilikatwa yenyewe",
        started: "Your trial has begun." "Jaribio lako limeanza.",
        made: "Your order is made. Pay it at Pesapal now." "Oda yako iko tayari. Ilipe kwa Pesapal sasa.",
        no_plan: "This plan is not offered any more. Choose another." "Kifurushi hiki hakitolewi tena. Chagua kingine.",
        other_order:
            "You sent this form before and chose otherwise, which made an order. Call that order off, or choose again here."
            "Ulituma fomu hii awali ukiwa umechagua vingine, na oda ikatengenezwa. Ghairi oda hiyo, au chagua tena hapa.",
        no_contact:
            "Pesapal needs an e-mail address or a phone number of yours. Give one in your account first."
            "Pesapal inahitaji barua pepe au nambari yako ya simu. Iweke kwenye akaunti yako kwanza.",
        being_made: "This order is being made. Wait a moment and look again." "Oda hii inatengenezwa. Subiri kidogo kisha uangalie tena.",
        too_many: "That was too often. Wait a minute and try again." "Umejaribu mara nyingi mno. Subiri dakika moja kisha ujaribu tena.",
        away:
            "Pesapal does not take the order now. Nothing was paid. Try again in a minute."
            "Pesapal haipokei oda sasa. Hakuna kilicholipwa. Jaribu tena baada ya dakika moja.",
        refused:
            "Pesapal refuses this order, so trying again changes nothing. Nothing was paid. Tell whoever runs this Mnara."
            "Pesapal imeikataa oda hii, kwa hiyo kujaribu tena hakutabadilisha kitu. Hakuna kilicholipwa. Mwambie anayeiendesha Mnara hii.",
        no_trial:
            "A trial is for businesses that never subscribed."
            "Jaribio ni la biashara ambazo hazijawahi kujisajili.",
        state_waiting: "not paid yet" "bado haijalipwa",
        state_otherwise: "paid otherwise than asked" "imelipwa tofauti na ilivyoombwa",
        state_not_made: "not made" "haikufanyika",
        state_paid: "paid" "imelipwa",
        state_failed: "failed" "imeshindikana",
        state_expired: "given up" "imeachwa",
        state_reversed: "paid back" "imerudishwa",
        looked_at: "somebody is looking at it" "kuna anayeiangalia",
        advanced_analytics: "advanced reports" "ripoti za kina",
        api_access: "keys for programs" "funguo za programu",
        webhooks: "news to programs" "habari kwa programu",
        custom_portal: "your own look on the customers' page" "mwonekano wako kwenye ukurasa wa wateja",
    }
}

impl SubscriptionWords {
    /// For how many sites a plan is.
    #[must_use]
    pub fn at_most(&self, sites: Option<u32>) -> String {
        sites.map_or_else(
            || self.any_sites.to_owned(),
            |most| self.sites.replace("{n}", &most.to_string()),
        )
    }
}
