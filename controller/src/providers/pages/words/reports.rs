//! How the business goes over time.

words! {
    /// How the business goes over time.
    ReportWords {
        title: "Reports" "Ripoti",
        choose: "Other days, one site, one plan" "Siku nyingine, eneo moja, kifurushi kimoja",
        period: "Period" "Kipindi",
        today: "Today" "Leo",
        week: "Last 7 days" "Siku 7 zilizopita",
        thirty: "Last 30 days" "Siku 30 zilizopita",
        month: "This month" "Mwezi huu",
        month_before: "Last month" "Mwezi uliopita",
        dates: "From one date to another" "Kuanzia tarehe hadi nyingine",
        from: "From" "Kuanzia",
        to: "To" "Hadi",
        dates_hint: "Dates count when the period is from one date to another." "Tarehe hutumika kipindi kikiwa cha tarehe hadi nyingine.",
        bad_dates:
            "Give two dates, the earlier first, a year apart at most. Here are the last 7 days."
            "Andika tarehe mbili, ya mapema kwanza, zisizozidi mwaka mmoja. Hizi ni siku 7 zilizopita.",
        site: "Site" "Eneo",
        all_sites: "All sites" "Maeneo yote",
        no_site: "Without a site" "Bila eneo",
        plan: "Plan" "Kifurushi",
        all_plans: "All plans" "Vifurushi vyote",
        other: "No longer listed" "Haipo kwenye orodha tena",
        show: "Show" "Onyesha",
        against: "compared with" "ikilinganishwa na",
        same_time: "up to the same time" "hadi saa ile ile",
        running: "This month is not over. Until now it is compared with" "Mwezi huu haujaisha. Hadi sasa unalinganishwa na",
        paid: "Paid by M-PESA" "Zilizolipwa kwa M-PESA",
        sold: "Vouchers sold" "Vocha zilizouzwa",
        printed: "Vouchers printed" "Vocha zilizochapishwa",
        used: "Vouchers used" "Vocha zilizotumika",
        of_print: "of them printed, worth" "kati yake za kuchapishwa, zenye thamani ya",
        cash: "Worth of printed vouchers used" "Thamani ya vocha za kuchapishwa zilizotumika",
        trials: "Free trials" "Majaribio ya bure",
        trials_hint:
            "They count neither as money nor as vouchers; their time and data are in the sums."
            "Hayahesabiwi kama pesa wala vocha; muda na data yake vimo kwenye jumla.",
        online: "Time online" "Muda mtandaoni",
        hours: "{n} h" "saa {n}",
        data: "Data" "Data",
        before: "before" "awali",
        more: "more than" "zaidi ya",
        less: "less than" "chini ya",
        more_than: "More than" "Zaidi ya",
        same: "As before:" "Kama awali:",
        none_before: "None before" "Hakuna awali",
        what: "What the charts show" "Michoro inaonyesha nini",
        by_day: "By day" "Kwa siku",
        by_week: "By week" "Kwa wiki",
        by_month: "By month" "Kwa mwezi",
        by_hour: "By hour of the day" "Kwa saa ya siku",
        by_plan: "By plan" "Kwa kifurushi",
        by_site: "By site" "Kwa eneo",
        day: "Day" "Siku",
        hour: "Hour" "Saa",
        now_bar: "this period" "kipindi hiki",
        before_bar: "the period before" "kipindi cha awali",
        table: "The numbers" "Nambari",
        csv: "Download as a table (CSV)" "Pakua kama jedwali (CSV)",
        total: "Total" "Jumla",
        shillings: "KSh" "KSh",
        sold_short: "Sold" "Zilizouzwa",
        used_short: "Used" "Zilizotumika",
        hours_short: "Hours" "Saa",
        gigabytes_short: "GB" "GB",
        nothing:
            "Nothing was sold or used in this period. Choose another period, or all sites and plans."
            "Hakuna kilichouzwa wala kutumika katika kipindi hiki. Chagua kipindi kingine, au maeneo na vifurushi vyote.",
        most: "The most:" "Nyingi zaidi:",
        monthly: "A month on paper" "Mwezi kwenye karatasi",
        monthly_text:
            "A few pages for your files: money, vouchers and use of a month, by day, plan and site."
            "Kurasa chache kwa kumbukumbu zako: pesa, vocha na matumizi ya mwezi, kwa siku, kifurushi na eneo.",
        monthly_get: "Download PDF" "Pakua PDF",
        made: "Made on" "Imetengenezwa",
        counted:
            "Money is what customers paid by M-PESA, on the day it came. A voucher counts when it was first used, time and data when the device came online. Vouchers sold for cash, on paper or at the counter, count on the day of their first use, and their price is shown apart; what was taken at the counter on a day is on the counter's page."
            "Pesa ni zile wateja walizolipa kwa M-PESA, siku zilipofika. Vocha huhesabiwa ilipotumika mara ya kwanza, muda na data kifaa kilipoingia mtandaoni. Vocha zilizouzwa kwa pesa taslimu, za karatasi au za kaunta, huhesabiwa siku zilipotumika mara ya kwanza, na bei yake inaonyeshwa kando; pesa zilizopokelewa kaunta kila siku ziko kwenye ukurasa wa kaunta.",
    }
}
