//! How the business is today.

words! {
    /// How the business is today.
    HomeWords {
        title: "Today" "Leo",
        unshown: "We have sent a link to" "Tumetuma kiungo kwa",
        unshown_text:
            "Open it within a day where you are logged in, to show that this is yours. You can go on meanwhile."
            "Kifungue ndani ya siku moja mahali ulipoingia, kuonyesha kuwa ni yako. Huku ukisubiri, unaweza kuendelea.",
        unshown_again: "Nothing came? Send it again" "Hakuna kilichofika? Tuma tena",
        today: "Paid by M-PESA today" "Zilizolipwa kwa M-PESA leo",
        last_week: "By this time last week:" "Kufikia saa hii wiki iliyopita:",
        no_sales: "No sale yet today." "Bado hakuna mauzo leo.",
        sales: "Vouchers sold:" "Vocha zilizouzwa:",
        running: "Vouchers running now" "Vocha zinazoendelea sasa",
        running_none: "No voucher is running now." "Hakuna vocha inayoendelea sasa.",
        devices_now: "Online now" "Walio mtandaoni sasa",
        devices_text: "Devices, as the sites see them this minute." "Vifaa, kama maeneo yanavyoviona dakika hii.",
        devices_none: "No site has reported in the last few minutes." "Hakuna eneo lililotoa taarifa dakika chache zilizopita.",
        running_list: "The latest vouchers running" "Vocha zilizoanza hivi karibuni",
        since: "since" "tangu",
        until: "until" "hadi",
        week: "Last 7 days" "Siku 7 zilizopita",
        reports: "All reports" "Ripoti zote",
        sites: "Sites" "Maeneo",
        no_sites:
            "No site yet. A site is one place with one hotspot."
            "Bado hakuna eneo. Eneo ni mahali pamoja penye hotspot moja.",
        all_sites: "All your sites" "Maeneo yako yote",
        never: "never heard from" "halijasikika kamwe",
        seen: "last heard from" "lilisikika mwisho",
        here: "up" "liko hewani",
        away: "away" "haliko hewani",
        no_router: "router does not answer" "ruta haijibu",
        attention: "Needs attention" "Yanayohitaji kuangaliwa",
        all_well: "All is well. Nothing waits for you." "Mambo yote ni shwari. Hakuna kinachokusubiri.",
        site_away: "This site is away. What it sold goes on; it sells nothing new by M-PESA:" "Eneo hili haliko hewani. Lililouza linaendelea; haliuzi jipya kwa M-PESA:",
        router_away: "The router of this site does not answer or does not let Mnara in. Nobody can buy or log in there:" "Ruta ya eneo hili haijibu au hairuhusu Mnara kuingia. Hakuna anayeweza kununua wala kuingia mtandaoni huko:",
        sites_more: "More sites that are away or whose router does not answer:" "Maeneo mengine yasiyo hewani au ambayo ruta yake haijibu:",
        flagged: "Payments that somebody should look at:" "Malipo ambayo mtu anapaswa kuyaangalia:",
        unmatched: "Money that came in and waits to be sorted out:" "Pesa zilizoingia na zinasubiri kushughulikiwa:",
        books: "The books do not balance. Differences:" "Hesabu hazilingani. Tofauti:",
        pending: "Payments without an answer for a quarter of an hour:" "Malipo yasiyo na jibu kwa robo saa:",
        unconfirmed: "Paid within the last 24 hours and not online yet:" "Waliolipa ndani ya saa 24 zilizopita na bado hawajaingia mtandaoni:",
        refused: "Safaricom refused your M-PESA keys. Customers cannot pay. Refused so far:" "Safaricom ilikataa funguo zako za M-PESA. Wateja hawawezi kulipa. Yaliyokataliwa hadi sasa:",
        doubled: "Two machines use the key of one site. Enrol its agent anew:" "Mashine mbili zinatumia ufunguo wa eneo moja. Sajili wakala wake upya:",
        scarce: "Printed vouchers nearly used up. Left of this plan:" "Vocha za kuchapishwa zinakaribia kwisha. Zilizobaki za kifurushi hiki:",
    }
}
