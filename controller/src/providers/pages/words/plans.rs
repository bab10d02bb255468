//! What is for sale.

words! {
    /// What is for sale.
    PlanWords {
        title: "Plans" "Vifurushi",
        none: "Nothing is for sale yet. Begin with one of these:" "Bado hakuna kinachouzwa. Anza na kimojawapo cha hivi:",
        new: "New plan" "Kifurushi kipya",
        change: "Change" "Badilisha",
        hidden: "not on the customers' page" "hakipo kwenye ukurasa wa wateja",
        kept:
            "Kept. Every site hears of it at once, or when it is back."
            "Kimehifadhiwa. Kila eneo litasikia mara moja, au likirudi hewani.",
        hour: "1 hour" "Saa 1",
        day: "1 day" "Siku 1",
        week: "1 week" "Wiki 1",
        gigabyte: "1 GB" "GB 1",
        night: "Night" "Usiku",
        blank: "Blank" "Tupu",
        begin: "Begin with" "Anza na",
        name: "Name on the customers' page" "Jina kwenye ukurasa wa wateja",
        price: "Price in shillings" "Bei kwa shilingi",
        time:
            "Time, running without pause from the first log-in"
            "Muda, unaoendelea bila kusimama tangu kuingia mara ya kwanza",
        online: "Time online" "Muda wa kuwa mtandaoni",
        online_hint:
            "Stands still while the phone is away. Leave empty if it does not matter."
            "Husimama simu ikiwa haipo. Acha wazi kama haijalishi.",
        unit: "Unit" "Kipimo",
        seconds: "seconds" "sekunde",
        minutes: "minutes" "dakika",
        hours: "hours" "saa",
        days: "days" "siku",
        data: "Data in MB" "Data kwa MB",
        devices: "Devices on one voucher" "Vifaa kwa vocha moja",
        down: "Speed to the customer in Mbit/s" "Kasi ya kwenda kwa mteja kwa Mbit/s",
        up: "Speed from the customer in Mbit/s" "Kasi ya kutoka kwa mteja kwa Mbit/s",
        speed_hint: "Empty means as fast as the line." "Wazi maana yake ni kasi yote ya laini.",
        sell_by: "How long an unused voucher stays good" "Vocha isiyotumika hudumu kwa muda gani",
        sell_by_hint: "Empty means for ever." "Wazi maana yake ni daima.",
        position: "Place in the list" "Nafasi katika orodha",
        on_sale: "Show it on the customers' page" "Kionyeshe kwenye ukurasa wa wateja",
        keep: "Save" "Hifadhi",
        of_online: "online" "mtandaoni",
        of_devices: "{n} devices" "vifaa {n}",
        of_burst: "for moments" "kwa muda mfupi",
        burst: "More speed for a moment" "Kasi zaidi kwa muda mfupi",
        burst_text:
            "Pages open faster, and long downloads still keep to the speed above. Leave empty for none."
            "Kurasa hufunguka haraka zaidi, na upakuaji mrefu hubaki kwenye kasi ya kawaida iliyoandikwa hapo juu. Acha wazi kama haitakiwi.",
        burst_down: "Most speed to the customer in Mbit/s" "Kasi ya juu kabisa ya kwenda kwa mteja kwa Mbit/s",
        burst_up: "Most speed from the customer in Mbit/s" "Kasi ya juu kabisa ya kutoka kwa mteja kwa Mbit/s",
        below_down:
            "Only while the average to the customer is below, in Mbit/s"
            "Tu wakati wastani wa kwenda kwa mteja uko chini ya, kwa Mbit/s",
        below_up:
            "Only while the average from the customer is below, in Mbit/s"
            "Tu wakati wastani wa kutoka kwa mteja uko chini ya, kwa Mbit/s",
        below_hint: "Empty means the plain speed." "Wazi maana yake ni kasi ya kawaida.",
        burst_secs: "Average over seconds" "Wastani wa sekunde",
        told_sell_by: "an unused voucher stays good" "vocha isiyotumika hudumu",
        told_below_down: "bursts while the average down is below" "kasi ya ziada wakati wastani wa kupokea uko chini ya",
        told_below_up: "bursts while the average up is below" "kasi ya ziada wakati wastani wa kutuma uko chini ya",
        told_average: "bursts: average over" "kasi ya ziada: wastani wa",
        sold: "When it is sold" "Wakati wa kuuzwa",
        sold_text:
            "Leave empty to sell it at all times. A voucher that was bought can be used at any time."
            "Acha wazi kiuzwe wakati wote. Vocha iliyonunuliwa inaweza kutumika wakati wowote.",
        from: "From" "Kuanzia",
        until: "Until" "Hadi",
        until_hint:
            "Nairobi time. Hours over midnight, such as 22:00 to 05:00, belong to the day on which they begin."
            "Saa za Nairobi. Saa zinazovuka usiku wa manane, kama 22:00 hadi 05:00, ni za siku zinapoanza.",
        on_days: "On these days; none ticked means every day" "Siku hizi; bila kuchagua ni kila siku",
        coloured: "Give its card a colour" "Ipe kadi yake rangi",
        colour: "Colour of the card" "Rangi ya kadi",
        bad_name: "Give the plan a name of 1 to 60 letters." "Kipe kifurushi jina la herufi 1 hadi 60.",
        bad_price:
            "Give a price in whole shillings, from 1 to 250,000."
            "Andika bei kwa shilingi kamili, 1 hadi 250,000.",
        endless:
            "Limit the plan by time, by time online or by data. Without a limit one payment would last for ever."
            "Weka kikomo cha muda, muda wa mtandaoni au data. Bila kikomo malipo moja yangedumu milele.",
        bad_time:
            "Give a time between one minute and ten years, in whole numbers, such as 90 minutes."
            "Andika muda kati ya dakika moja na miaka kumi, kwa nambari kamili, kama dakika 90.",
        bad_data: "Give the data in whole megabytes, at least 1." "Andika data kwa megabaiti kamili, angalau 1.",
        bad_devices: "Let 1 to 100 devices share a voucher." "Ruhusu vifaa 1 hadi 100 kwa vocha moja.",
        bad_speed:
            "Give a speed such as 5 or 0.25: at least 0.008, with no more than three digits after the point."
            "Andika kasi kama 5 au 0.25: angalau 0.008, na tarakimu zisizozidi tatu baada ya nukta.",
        bad_sell_by:
            "Let unused vouchers stay good between one hour and ten years, in whole numbers, such as 36 hours."
            "Vocha zisizotumika zidumu kati ya saa moja na miaka kumi, kwa nambari kamili, kama saa 36.",
        bad_burst:
            "Give a burst that is faster than the plain speed, for 1 to 300 seconds, with averages no higher than it."
            "Andika kasi ya muda mfupi iliyo juu ya kasi ya kawaida, kwa sekunde 1 hadi 300, na wastani usioizidi.",
        bad_hours:
            "Give both times of day, such as 22:00 and 05:00."
            "Andika saa zote mbili, kama 22:00 na 05:00.",
        bad_colour:
            "Give the colour as six digits, such as #0a7d4b."
            "Andika rangi kwa tarakimu sita, kama #0a7d4b.",
        too_many:
            "There are 100 plans, and that is the most. Change one that is not on the customers' page."
            "Vifurushi ni 100, na hivyo ndivyo vingi zaidi. Badilisha kimoja kisichoonyeshwa.",
        meanwhile:
            "Somebody else has changed this plan since you opened it. Below is what you had: save again to put it in place of theirs, or open the plan anew to see theirs."
            "Mtu mwingine amebadilisha kifurushi hiki tangu ulipokifungua. Hapa chini ni ulichokuwa nacho: hifadhi tena kichukue nafasi ya chake, au fungua kifurushi upya uone chake.",
        sold_keep:
            "Vouchers that were sold keep what they were sold with."
            "Vocha zilizouzwa zinabaki na masharti ziliyouzwa nayo.",
    }
}
