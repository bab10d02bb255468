//! The first steps of a business.

words! {
    /// The first steps of a business.
    StepWords {
        title: "Next steps" "Hatua zinazofuata",
        mpesa: "Say where customers' money goes" "Sema pesa za wateja ziende wapi",
        proof: "Prove it with one shilling" "Ithibitishe kwa shilingi moja",
        sale: "Make your first sale" "Fanya mauzo yako ya kwanza",
        plan: "Put something up for sale" "Weka kitu cha kuuza",
        site: "Make your first site" "Tengeneza eneo lako la kwanza",
        agent: "Enrol the agent at the site" "Unganisha eneo na Mnara (sajili wakala)",
        sale_before: "Before the first sale" "Kabla ya mauzo ya kwanza",
        sale_text: "Be your own first customer: it takes a phone and the price of your cheapest plan." "Kuwa mteja wako wa kwanza: unahitaji simu na bei ya kifurushi chako nafuu zaidi.",
        sale_done: "You have sold something. Well done!" "Umeshauza. Hongera!",
        sale_join: "Join the Wi-Fi of a site with a phone." "Unganisha simu na Wi-Fi ya eneo.",
        sale_open:
            "The customers' page opens by itself. If it does not, scan this with that phone, or type the address below: it answers on the Wi-Fi of a site only."
            "Ukurasa wa wateja hufunguka wenyewe. Usipofunguka, changanua hii kwa simu hiyo, au andika anwani iliyo hapa chini: hujibu kwenye Wi-Fi ya eneo tu.",
        sale_scan: "Picture to scan: the customers' page" "Picha ya kuchanganua: ukurasa wa wateja",
        sale_buy: "Choose a plan, type an M-PESA number, and enter the PIN on its phone." "Chagua kifurushi, andika nambari ya M-PESA, na uweke PIN kwenye simu yake.",
        sale_see: "The phone is online, and the sale stands on your home page." "Simu iko mtandaoni, na mauzo yako kwenye ukurasa wa Mwanzo.",
        sale_look: "Look again" "Angalia tena",
        sale_page: "See the customers' page" "Tazama ukurasa wa wateja",
        go: "Go on" "Endelea",
        done: "done" "tayari",
    }
}
