//! Where the hotspots are.

words! {
    /// Where the hotspots are.
    SiteWords {
        title: "Sites" "Maeneo",
        none:
            "No site yet. A site is one place with one hotspot."
            "Bado hakuna eneo. Eneo ni mahali pamoja penye hotspot moja.",
        more: "More sites" "Maeneo zaidi",
        new: "New site" "Eneo jipya",
        name: "Name" "Jina",
        name_hint: "Customers see it on their page." "Wateja wataliona kwenye ukurasa wao.",
        make: "Make the site" "Tengeneza eneo",
        bad_name: "Give the site a name of 1 to 80 letters." "Lipe eneo jina la herufi 1 hadi 80.",
        up: "up" "liko hewani",
        away: "away" "haliko hewani",
        never: "Never heard from." "Halijasikika kamwe.",
        seen: "Last heard from" "Lilisikika mwisho",
        agent: "Agent" "Wakala",
        no_agent:
            "No agent yet. Make the line below and type it on the machine at the site."
            "Bado hakuna wakala. Tengeneza mstari hapa chini na uuandike kwenye mashine iliyoko kwenye eneo.",
        claim: "Enrol the agent" "Sajili wakala",
        claim_text:
            "You get one line to type on the machine at the site. It is good once, for an hour."
            "Wakala ni programu ya Mnara kwenye ruta au kompyuta ya eneo. Utapata mstari mmoja wa kuandika kwenye mashine iliyoko kwenye eneo. Unafaa mara moja, kwa saa moja.",
        claim_again:
            "Another machine can take the place of the present one with a new line."
            "Mashine nyingine inaweza kuchukua nafasi ya iliyopo kwa mstari mpya.",
        line: "The line" "Mstari",
        line_text:
            "Type it on the machine at the site, then: mnara-agent run. It is shown only now."
            "Uandike kwenye mashine iliyoko kwenye eneo, kisha: mnara-agent run. Unaonyeshwa sasa tu.",
        no_address:
            "No site could reach this address. Whoever runs this program must set MNARA_PUBLIC_URL."
            "Hakuna eneo linaloweza kufikia anwani hii. Anayeendesha programu hii aweke MNARA_PUBLIC_URL.",
        hear: "This page shows when the site is heard from." "Ukurasa huu unaonyesha eneo likisikika.",
    }
}
