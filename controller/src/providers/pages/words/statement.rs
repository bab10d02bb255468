//! A statement of the rail beside the books.

words! {
    /// A statement of the rail beside the books.
    StatementWords {
        title: "Compare with an M-PESA statement" "Linganisha na taarifa ya M-PESA",
        text: "Download the statement of your till or paybill as CSV from the M-PESA portal for organisations, for a day or a month, and choose it here. It is read once and not kept." "Pakua taarifa ya till au paybill yako kama CSV kutoka tovuti ya M-PESA ya mashirika, ya siku au mwezi, na uichague hapa. Inasomwa mara moja na haihifadhiwi.",
        file: "The statement, as CSV" "Taarifa, kama CSV",
        go: "Compare" "Linganisha",
        back: "Books" "Vitabu vya hesabu",
        from_to: "Payments on it, from and to:" "Malipo yaliyomo, kuanzia na hadi:",
        matched: "On both" "Kwenye zote mbili",
        likely: "Payments of ours whose receipt M-PESA never told us:" "Malipo yetu ambayo M-PESA haikutuambia risiti yake:",
        missing: "On the statement, not with us" "Kwenye taarifa, si kwetu",
        missing_none: "Everything on the statement is with us." "Kila kilicho kwenye taarifa kipo kwetu.",
        missing_text: "Take them in, and each waits under money to sort out for what you decide." "Zichukue, na kila moja itasubiri uamuzi wako kwenye pesa za kushughulikia.",
        take: "Take them in" "Zichukue",
        extra: "With us, not on the statement" "Kwetu, si kwenye taarifa",
        extra_none: "Everything of ours in that time is on the statement." "Kila cha kwetu cha wakati huo kipo kwenye taarifa.",
        extra_text: "Is the statement of the same till or paybill, and of all these days? If it is, ask M-PESA about these receipts." "Je, taarifa ni ya till au paybill ile ile, na ya siku zote hizi? Kama ndiyo, uliza M-PESA kuhusu risiti hizi.",
        differing: "Amounts that differ" "Viasi vinavyotofautiana",
        statement_says: "statement" "taarifa",
        we_say: "with us" "kwetu",
        more: "and more; these are the first:" "na zaidi; hizi ni za kwanza:",
        other: "Other lines, of money that went out or is not completed:" "Mistari mingine, ya pesa zilizotoka au zisizokamilika:",
        unread: "Lines that could not be read:" "Mistari ambayo haikusomeka:",
        took: "Taken in. Decide here what becomes of each." "Zimechukuliwa. Amua hapa kila moja itakuwaje.",
        no_file: "Choose a file first." "Chagua faili kwanza.",
        large: "The file is too large. Download a shorter time, up to 5 MB." "Faili ni kubwa mno. Pakua kipindi kifupi zaidi, hadi MB 5.",
        no_columns: "This is not such a statement: no line names the columns Receipt No., Completion Time and Paid In. Download it as CSV, not as PDF or Excel." "Hii si taarifa kama hiyo: hakuna mstari wenye majina Receipt No., Completion Time na Paid In. Ipakue kama CSV, si PDF wala Excel.",
        nothing: "No completed payment stands on it." "Hakuna malipo yaliyokamilika ndani yake.",
    }
}
