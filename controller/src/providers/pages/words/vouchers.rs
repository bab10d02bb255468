//! Vouchers: series, printing, and the story of one.

words! {
    /// Vouchers: series, printing, and the story of one.
    VoucherWords {
        title: "Vouchers" "Vocha",
        none:
            "No voucher is printed yet. Print a series and sell it at a counter, in a shop or by hand."
            "Bado hakuna vocha zilizochapishwa. Chapisha mfululizo uziuze dukani, kaunta au kwa mkono.",
        no_plan: "Make a plan first: a voucher sells one." "Tengeneza kifurushi kwanza: vocha huuza kifurushi.",
        no_site: "Make a site first: a voucher is good at one." "Tengeneza eneo kwanza: vocha hutumika kwenye eneo.",
        older: "Older" "Za zamani",
        more: "More" "Zaidi",
        find: "Find a voucher" "Tafuta vocha",
        find_label: "Its code" "Msimbo wake",
        find_hint:
            "Printed or paid by M-PESA. Capital letters and dashes do not matter."
            "Iliyochapishwa au iliyolipiwa kwa M-PESA. Herufi kubwa na vistari havijalishi.",
        find_do: "Find" "Tafuta",
        find_bad:
            "That cannot be a code: codes have 6 to 16 letters and digits."
            "Huo hauwezi kuwa msimbo: msimbo una herufi na tarakimu 6 hadi 16.",
        find_none:
            "This business has no voucher of that code. Compare it with the paper, letter by letter."
            "Biashara hii haina vocha ya msimbo huo. Ulinganishe na karatasi, herufi kwa herufi.",
        new: "Print vouchers" "Chapisha vocha",
        plan: "Plan" "Kifurushi",
        count: "How many" "Ngapi",
        letters: "Letters of the codes" "Herufi za misimbo",
        crockford: "Letters and digits" "Herufi na tarakimu",
        crockford_hint: "No letter that looks like a digit is used." "Hakuna herufi inayofanana na tarakimu.",
        digits: "Digits only, for keypads" "Tarakimu tu, kwa vibonye vya nambari",
        length: "Length of a code" "Urefu wa msimbo",
        prefix: "Every code begins with" "Kila msimbo unaanza na",
        prefix_hint: "Up to 4 characters, or leave it empty." "Herufi zisizozidi 4, au acha wazi.",
        home: "Home site" "Eneo la nyumbani",
        also: "Good at these sites too" "Zitumike pia kwenye maeneo haya",
        cut_off: "When a site has lost its internet" "Eneo likikosa intaneti",
        cut_off_home:
            "Only the home site takes these vouchers. Nobody can use one twice."
            "Eneo la nyumbani pekee hupokea vocha hizi. Hakuna anayeweza kutumia moja mara mbili.",
        cut_off_any:
            "Every site takes them. One voucher may then be used at two sites; you are told."
            "Kila eneo huzipokea. Vocha moja inaweza kutumika maeneo mawili; utajulishwa.",
        sell_by: "Days an unused voucher stays good" "Vocha isiyotumika hudumu siku ngapi",
        sell_by_hint: "Empty means as the plan says." "Wazi maana yake ni kama kifurushi kinavyosema.",
        check: "Check" "Kagua",
        make: "Print" "Chapisha",
        risk: "If somebody tries codes" "Mtu akijaribu misimbo",
        risk_small:
            "Somebody who tries codes at one site day and night would find so many in a year:"
            "Mtu anayejaribu misimbo kwenye eneo moja usiku na mchana angepata nyingi hivi kwa mwaka:",
        risk_worth: "worth" "zenye thamani ya",
        risk_live: "Codes of this kind that are out, with these:" "Misimbo ya aina hii iliyopo, pamoja na hii:",
        risk_less: "fewer than 0.001" "chini ya 0.001",
        risk_cents: "less than KSh 1" "chini ya KSh 1",
        risk_ok: "That is safe." "Hiyo ni salama.",
        risk_large:
            "That is too many: at most 1 is allowed. Choose longer codes or print fewer."
            "Hizo ni nyingi mno: inaruhusiwa 1 tu. Chagua misimbo mirefu zaidi au chapisha chache.",
        risk_enough: "This length is enough:" "Urefu huu unatosha:",
        bad_count: "Print 1 to 100,000 vouchers at a time." "Chapisha vocha 1 hadi 100,000 kwa mara moja.",
        bad_length: "Let a code have 6 to 16 characters." "Msimbo uwe na herufi 6 hadi 16.",
        bad_prefix:
            "Begin codes with capital letters and digits, without I, L, O and U; with digits only where codes are digits."
            "Anza misimbo na herufi kubwa na tarakimu, bila I, L, O na U; tarakimu tu kama misimbo ni tarakimu.",
        bad_room: "At least four characters must follow the beginning." "Angalau herufi nne zifuate mwanzo.",
        bad_mac:
            "Twelve digits look like the address of a device, which routers refuse. Choose another length, or letters."
            "Tarakimu kumi na mbili zinafanana na anwani ya kifaa, ambayo ruta hukataa. Chagua urefu mwingine, au herufi.",
        bad_plan: "Choose a plan." "Chagua kifurushi.",
        bad_site: "Choose a site." "Chagua eneo.",
        bad_sell_by:
            "Let unused vouchers stay good between one day and ten years."
            "Vocha zisizotumika zidumu kati ya siku moja na miaka kumi.",
        crowded:
            "Nearly all codes of this kind are taken. Choose longer codes or another beginning."
            "Karibu misimbo yote ya aina hii imetumika. Chagua misimbo mirefu zaidi au mwanzo mwingine.",
        made:
            "Made. Its sites know the codes at once, or when they are back. Now print them."
            "Imetengenezwa. Maeneo yake yanajua misimbo mara moja, au yakirudi hewani. Sasa zichapishe.",
        series: "Series" "Mfululizo",
        made_on: "Made" "Ilitengenezwa",
        printed: "Vouchers" "Vocha",
        used: "Used" "Zilizotumika",
        left: "Left" "Zilizobaki",
        back: "Taken back one by one" "Zilizofutwa moja moja",
        sold: "Value of those used" "Thamani ya zilizotumika",
        week: "Used in the last 7 days" "Zilizotumika siku 7 zilizopita",
        first_use: "First use" "Matumizi ya kwanza",
        last_use: "Last use" "Matumizi ya mwisho",
        sites: "Good at" "Zinatumika",
        good_until: "Unused ones are good until" "Mwisho wa zisizotumika",
        for_ever: "no end date" "hakuna mwisho",
        revoked: "taken back" "imefutwa",
        over: "expired" "muda umepita",
        print_head: "Print those that are unused" "Chapisha zisizotumika",
        print_text:
            "Each voucher has a picture: on the Wi-Fi of the site a phone's camera opens the page with the code filled in. Who printed is kept."
            "Kila vocha ina picha: kwenye Wi-Fi ya eneo kamera ya simu hufungua ukurasa msimbo ukiwa umejazwa. Aliyechapisha anawekwa kumbukumbu.",
        none_to_print:
            "There is nothing left to print here: these vouchers are sold, used or no longer good."
            "Hakuna kilichobaki cha kuchapisha hapa: vocha hizi zimeuzwa, zimetumika au hazifai tena.",
        a4: "on an A4 sheet" "kwa karatasi ya A4",
        roll: "roll" "karatasi ya mviringo",
        layout: "Paper" "Karatasi",
        part: "Numbers" "Nambari",
        browser: "Print" "Chapisha",
        as_pdf: "PDF" "PDF",
        as_csv: "All codes as CSV" "Misimbo yote kama CSV",
        revoke_series: "Take the series back" "Futa mfululizo",
        revoke_series_sure:
            "No voucher of it will give access any more, also those that run now. Its sites hear of it at once, or when they are back. This cannot be undone."
            "Hakuna vocha yake itakayotoa huduma tena, hata zinazoendelea sasa. Maeneo yake yatasikia mara moja, au yakirudi hewani. Haiwezi kutenguliwa.",
        revoke_sure_do: "Yes, take all of it back" "Ndiyo, ufute wote",
        revoked_series: "The series is taken back." "Mfululizo umefutwa.",
        list: "The vouchers of the series" "Vocha za mfululizo",
        number: "No." "Na.",
        sheet_title: "Vouchers to print" "Vocha za kuchapisha",
        sheet_how:
            "Print at 100 %, without margins or headers of the browser."
            "Chapisha kwa 100 %, bila pambizo wala vichwa vya kivinjari.",
        sheet_shown: "On this page:" "Kwenye ukurasa huu:",
        sheet_next: "Next page" "Ukurasa unaofuata",
        sheet_none:
            "No voucher of this series is unused any more."
            "Hakuna vocha ya mfululizo huu ambayo haijatumika.",
        to_series: "Back to the series" "Rudi kwenye mfululizo",
        paper_how:
            "Join the Wi-Fi, then scan, or type the code on the page that opens."
            "Jiunge na Wi-Fi, kisha skani, au andika msimbo kwenye ukurasa unaofunguka.",
        paper_how_short:
            "Join the Wi-Fi, then scan or type the code."
            "Jiunge na Wi-Fi, kisha skani au andika msimbo.",
        paper_until: "Use it by" "Itumie kabla ya",
        paper_help: "Help:" "Msaada:",
        unused: "unused" "haijatumika",
        connecting: "being connected" "inaunganishwa",
        running: "running" "inaendelea",
        paused: "paused" "imesimamishwa",
        spent: "used up" "imeisha",
        expired: "expired" "muda umepita",
        taken_back: "taken back" "imefutwa",
    }
}
