//! How the hotspot's own page looks.

words! {
    /// How the hotspot's own page looks.
    PortalWords {
        title: "The customers' page" "Ukurasa wa wateja",
        text:
            "This is what customers see on your Wi-Fi. It works on every site, also with the internet away."
            "Hivi ndivyo wateja wanavyoona kwenye Wi-Fi yako. Hufanya kazi katika kila eneo, hata intaneti ikikatika.",
        name: "Name of the business" "Jina la biashara",
        name_label: "What customers know you by" "Wateja wanakujua kwa jina gani",
        name_hint:
            "It stands above the customers' page, on vouchers and in what we send."
            "Liko juu ya ukurasa wa wateja, kwenye vocha na kwenye tunayotuma.",
        name_keep: "Save the name" "Hifadhi jina",
        bad_name: "Give the business a name of 1 to 80 letters." "Ipe biashara jina la herufi 1 hadi 80.",
        colour: "Colour of the top" "Rangi ya sehemu ya juu",
        own_button: "Give buttons and lines another colour" "Vitufe na mistari iwe na rangi nyingine",
        button: "Colour of buttons and lines" "Rangi ya vitufe na mistari",
        light:
            "This colour is too light for lines on white, so lines are dark grey. Writing on it is black or white, whichever reads better."
            "Rangi hii ni nyepesi mno kwa mistari juu ya nyeupe, kwa hiyo mistari ni ya kijivu. Maandishi juu yake ni meusi au meupe, yapi yasomeke vizuri zaidi.",
        help_phone: "Phone customers can call for help" "Simu ambayo wateja wanaweza kupiga kwa msaada",
        words: "Welcome and news" "Makaribisho na tangazo",
        terms: "Terms of use" "Masharti ya matumizi",
        welcome_en: "Welcome, in English" "Makaribisho, kwa Kiingereza",
        welcome_sw: "Welcome, in Kiswahili" "Makaribisho, kwa Kiswahili",
        banner_en: "News above everything, in English" "Tangazo juu ya kila kitu, kwa Kiingereza",
        banner_sw: "News above everything, in Kiswahili" "Tangazo juu ya kila kitu, kwa Kiswahili",
        terms_en: "Terms of use, in English" "Masharti ya matumizi, kwa Kiingereza",
        terms_sw: "Terms of use, in Kiswahili" "Masharti ya matumizi, kwa Kiswahili",
        one_enough:
            "If you write in one language only, everybody reads that. Leave both empty for nothing."
            "Ukiandika kwa lugha moja tu, wote watasoma hiyo. Acha zote wazi kama hakuna la kusema.",
        terms_hint:
            "A link beside the button that buys leads to them: \"By buying you accept the terms of use\"."
            "Kiungo kando ya kitufe cha kununua huonyesha haya: \"Ukinunua unakubali masharti ya matumizi\".",
        trial: "Free trial" "Jaribio la bure",
        trial_on: "Let new phones try for free" "Acha simu mpya zijaribu bure",
        trial_hint:
            "One press, no payment and no code, also with the internet to us away. Trials are counted apart from money and vouchers."
            "Mbonyezo mmoja, bila malipo na bila msimbo, hata mawasiliano nasi yakikatika. Majaribio huhesabiwa kando na pesa na vocha.",
        trial_minutes: "Minutes" "Dakika",
        trial_mb: "Data in MB (empty for no limit)" "Data kwa MB (acha wazi bila kikomo)",
        trial_mbps: "Speed in Mbit/s (empty for no limit)" "Kasi kwa Mbit/s (acha wazi bila kikomo)",
        trial_days: "The same phone again after days" "Simu ileile tena baada ya siku",
        trial_a_day: "At most so many a day at each site" "Yasiyozidi haya kwa siku katika kila eneo",
        trial_a_day_hint:
            "Phones can change the address they are known by, so this is what keeps free trials from replacing sales."
            "Simu zinaweza kubadili anwani inayozitambulisha, kwa hiyo kikomo hiki huzuia majaribio ya bure kuchukua nafasi ya mauzo.",
        bad_trial_minutes: "Give the free trial 5 to 240 minutes." "Lipe jaribio la bure dakika 5 hadi 240.",
        bad_trial_data: "Give the free trial 1 to 100,000 MB, or leave the field empty." "Lipe jaribio la bure MB 1 hadi 100,000, au acha sehemu wazi.",
        bad_trial_speed: "Give the free trial 1 to 1,000 Mbit/s, or leave the field empty." "Lipe jaribio la bure Mbit/s 1 hadi 1,000, au acha sehemu wazi.",
        bad_trial_days: "Let the same phone try again after 1 to 60 days." "Simu ileile ijaribu tena baada ya siku 1 hadi 60.",
        bad_trial_a_day: "Allow 1 to 200 free trials a day." "Ruhusu majaribio ya bure 1 hadi 200 kwa siku.",
        of_site: "The customers' page of this site" "Ukurasa wa wateja wa eneo hili",
        of_site_text: "This site can have its own colours, words and logo. What it has not is the business's." "Eneo hili linaweza kuwa na rangi, maneno na nembo yake. Lisichokuwa nacho ni cha biashara.",
        of_site_go: "Change how it looks here" "Badilisha mwonekano wa hapa",
        own_colour: "Give the top another colour at this site" "Sehemu ya juu iwe na rangi nyingine katika eneo hili",
        empty_business: "Fields that are empty in both languages say what the business says." "Sehemu zilizo wazi kwa lugha zote mbili husema yale ya biashara.",
        logo_business: "Use the business's logo again" "Tumia tena nembo ya biashara",
        logo: "Logo" "Nembo",
        logo_text: "PNG, JPEG or WebP, of at most" "PNG, JPEG au WebP, isiyozidi",
        logo_hint:
            "Make it about 200 pixels wide first if it is larger: every phone on your Wi-Fi loads it."
            "Ipunguze kwanza hadi upana wa pikseli 200 hivi kama ni kubwa: kila simu kwenye Wi-Fi yako huipakua.",
        logo_file: "Picture" "Picha",
        logo_keep: "Save the logo" "Hifadhi nembo",
        logo_end: "Take the logo away" "Ondoa nembo",
        keep: "Save" "Hifadhi",
        preview: "How it looks on a phone" "Jinsi inavyoonekana kwenye simu",
        show_en: "Show in English" "Onyesha kwa Kiingereza",
        show_sw: "Show in Kiswahili" "Onyesha kwa Kiswahili",
        preview_hint:
            "Nothing can be pressed here, and customers see nothing of it before you save it."
            "Hapa hakuna kinachobonyezeka, na wateja hawaoni chochote kabla hujahifadhi.",
        bad_colour:
            "Give the colour as six digits, such as #0a7d4b."
            "Andika rangi kwa tarakimu sita, kama #0a7d4b.",
        bad_help_phone:
            "Give the help phone as digits, at most 20, such as 0712 345 678."
            "Andika simu ya msaada kwa tarakimu, zisizozidi 20, kama 0712 345 678.",
        bad_welcome: "Write a welcome of at most 200 letters." "Andika makaribisho yasiyozidi herufi 200.",
        bad_banner: "Write news of at most 160 letters." "Andika tangazo lisilozidi herufi 160.",
        bad_terms: "Write terms of at most 4,000 letters." "Andika masharti yasiyozidi herufi 4,000.",
        logo_missing: "Choose a picture first." "Chagua picha kwanza.",
        logo_large:
            "The picture is too large. Make it smaller, about 200 pixels wide, and try again."
            "Picha ni kubwa mno. Ipunguze, hadi upana wa pikseli 200 hivi, ujaribu tena.",
        logo_svg:
            "SVG pictures can carry programs and are not taken. Save it as PNG and try again."
            "Picha za SVG zinaweza kubeba programu, hazikubaliwi. Ihifadhi kama PNG ujaribu tena.",
        logo_kind:
            "This is not a picture we can show. Save it as PNG, JPEG or WebP and try again."
            "Hii si picha tunayoweza kuonyesha. Ihifadhi kama PNG, JPEG au WebP ujaribu tena.",
        logo_damaged:
            "This picture cannot be read, or is wider or higher than 2,000 pixels. Save it again and try once more."
            "Picha hii haisomeki, au ni pana au ndefu kuliko pikseli 2,000. Ihifadhi upya ujaribu tena.",
    }
}
