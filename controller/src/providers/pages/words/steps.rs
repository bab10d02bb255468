//! The first steps of a business.

words! {
    /// The first steps of a business.
    StepWords {
        title: "Next steps" "Hatua zinazofuata",
        mpesa: "Say where customers' money goes" "Sema pesa za wateja ziende wapi",
        plan: "Put something up for sale" "Weka kitu cha kuuza",
        site: "Make your first site" "Tengeneza eneo lako la kwanza",
        agent: "Enrol the agent at the site" "Sajili wakala kwenye eneo",
        go: "Go on" "Endelea",
        done: "done" "tayari",
    }
}
