//! What is for sale.

words! {
    /// What is for sale.
    PlanWords {
        title: "Plans" "Mipango",
        none: "Nothing is for sale yet. Begin with one of these:" "Bado hakuna kinachouzwa. Anza na mojawapo ya hizi:",
        new: "New plan" "Mpango mpya",
        change: "Change" "Badilisha",
        hidden: "not on the portal" "haupo kwenye ukurasa wa wateja",
        kept:
            "Kept. Every site hears of it at once, or when it is back."
            "Imehifadhiwa. Kila eneo litasikia mara moja, au likirudi hewani.",
        hour: "1 hour" "Saa 1",
        day: "1 day" "Siku 1",
        week: "1 week" "Wiki 1",
        gigabyte: "1 GB" "GB 1",
        blank: "Blank" "Tupu",
        begin: "Begin with" "Anza na",
        name: "Name on the portal" "Jina kwenye ukurasa wa wateja",
        price: "Price in shillings" "Bei kwa shilingi",
        time:
            "Time, running without pause from the first log-in"
            "Muda, unaoendelea bila kusimama tangu kuingia mara ya kwanza",
        online: "Time online" "Muda wa kuwa mtandaoni",
        online_hint:
            "Stands still while the phone is away. Leave empty if it does not matter."
            "Husimama simu ikiwa haipo. Acha wazi kama haijalishi.",
        unit: "Unit" "Kipimo",
        minutes: "minutes" "dakika",
        hours: "hours" "saa",
        days: "days" "siku",
        minute_one: "1 minute" "dakika 1",
        hour_one: "1 hour" "saa 1",
        day_one: "1 day" "siku 1",
        data: "Data in MB" "Data kwa MB",
        devices: "Devices on one voucher" "Vifaa kwa vocha moja",
        down: "Speed to the customer in Mbit/s" "Kasi ya kwenda kwa mteja kwa Mbit/s",
        up: "Speed from the customer in Mbit/s" "Kasi ya kutoka kwa mteja kwa Mbit/s",
        speed_hint: "Empty means as fast as the line." "Wazi maana yake ni kasi yote ya laini.",
        sell_by: "Days an unused voucher stays good" "Siku ambazo vocha isiyotumika inabaki nzuri",
        sell_by_hint: "Empty means for ever." "Wazi maana yake ni daima.",
        position: "Place in the list" "Nafasi katika orodha",
        on_sale: "Show it on the portal" "Uonyeshe kwenye ukurasa wa wateja",
        keep: "Keep" "Hifadhi",
        of_online: "online" "mtandaoni",
        of_devices: "devices" "vifaa",
        bad_name: "Give the plan a name of 1 to 60 letters." "Upe mpango jina la herufi 1 hadi 60.",
        bad_price:
            "Give a price in whole shillings, from 1 to 250,000."
            "Andika bei kwa shilingi kamili, 1 hadi 250,000.",
        endless:
            "Limit the plan by time, by time online or by data. Without a limit one payment would last for ever."
            "Weka kikomo cha muda, muda wa mtandaoni au data. Bila kikomo malipo moja yangedumu milele.",
        bad_time: "Give a time between one minute and ten years." "Andika muda kati ya dakika moja na miaka kumi.",
        bad_data: "Give the data in whole megabytes, at least 1." "Andika data kwa megabaiti kamili, angalau 1.",
        bad_devices: "Let 1 to 100 devices share a voucher." "Ruhusu vifaa 1 hadi 100 kwa vocha moja.",
        bad_speed: "Give a speed such as 5 or 0.5, at least 0.1." "Andika kasi kama 5 au 0.5, angalau 0.1.",
        bad_sell_by:
            "Let unused vouchers stay good between one day and ten years."
            "Vocha zisizotumika zibaki nzuri kati ya siku moja na miaka kumi.",
        too_many:
            "There are 100 plans, and that is the most. Change one that is not on the portal."
            "Mipango ni 100, na hiyo ndiyo mingi zaidi. Badilisha mmoja usioonyeshwa.",
        sold_keep:
            "Vouchers that were sold keep what they were sold with."
            "Vocha zilizouzwa zinabaki na masharti ziliyouzwa nayo.",
    }
}

impl PlanWords {
    /// A stretch of time, in the largest unit that fits: `90 minutes`, `2 hours`, `1 day`.
    #[must_use]
    pub fn stretch(&self, secs: u32) -> String {
        let (length, one, many) = [
            (86_400, self.day_one, self.days),
            (3_600, self.hour_one, self.hours),
            (60, self.minute_one, self.minutes),
        ]
        .into_iter()
        .find(|(length, _, _)| secs.is_multiple_of(*length))
        .unwrap_or((60, self.minute_one, self.minutes));
        match secs / length {
            1 => one.to_owned(),
            count => format!("{count}\u{a0}{many}"),
        }
    }
}
