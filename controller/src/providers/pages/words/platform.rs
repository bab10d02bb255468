//! How the platform does.

words! {
    /// How the platform does.
    PlatformWords {
        title: "The platform today" "Jukwaa leo",
        target: "target" "lengo",
        reached: "reached" "limefikiwa",
        missed: "not reached" "halijafikiwa",
        not_yet: "nothing to count yet" "bado hakuna cha kuhesabu",
        available: "The platform was up" "Jukwaa lilikuwa hewani",
        available_text:
            "Minutes in which some process of ours ran and could write. What lies between it and its users is not seen from here. Counted since"
            "Dakika ambazo programu yetu moja ilifanya kazi na kuweza kuandika. Kilicho kati yake na watumiaji hakionekani hapa. Imehesabiwa tangu",
        a_day: "24 hours" "Saa 24",
        a_week: "7 days" "Siku 7",
        a_month: "30 days" "Siku 30",
        paid: "Prompts that came to money" "Maombi ya malipo yaliyolipwa",
        willing: "without those whose customer said no" "bila yale ambayo mteja alikataa",
        of: "of" "kati ya",
        pending: "not known yet" "bado haijulikani",
        customers_money: "Customers paid businesses" "Wateja walilipa biashara",
        customers_money_text: "This money goes straight to the businesses." "Pesa hizi huenda moja kwa moja kwa biashara.",
        businesses: "Businesses" "Biashara",
        sites: "Sites up" "Maeneo hewani",
        failed_work: "Work that failed" "Kazi zilizoshindwa",
        given_up: "given up" "zimeachwa",
        unbalanced: "Businesses whose books do not balance (see: books check):" "Biashara ambazo hesabu zake hazilingani (tazama: books check):",
        retried: "still tried" "zinajaribiwa",
        look: "Look" "Tazama",
        sign_ups: "Sign-ups by week" "Usajili kwa wiki",
        sign_ups_none: "Nobody signed up in these weeks." "Hakuna aliyejisajili katika wiki hizi.",
        week: "Week from" "Wiki kuanzia",
        count: "Sign-ups" "Usajili",
        numbers: "In numbers" "Kwa namba",
        earned: "What businesses paid us" "Biashara zilichotulipa",
        earned_none:
            "No business has paid for a subscription yet. Each month shows here once one does."
            "Bado hakuna biashara iliyolipia usajili. Kila mwezi utaonekana hapa ikilipa.",
        month: "Month" "Mwezi",
        subscriptions: "Subscriptions" "Usajili wa malipo",
        amount: "Amount" "Kiasi",
        payments: "Payments of all businesses" "Malipo ya biashara zote",
        payments_none: "No customer was asked to pay in this time." "Hakuna mteja aliyeombwa kulipa katika muda huu.",
        stretch: "Time" "Muda",
        by_business: "By business" "Kwa biashara",
        by_code: "Why money did not come" "Kwa nini pesa hazikuja",
        by_code_none: "Every prompt that ended was paid." "Kila ombi lililoisha lililipwa.",
        code: "Safaricom's code" "Msimbo wa Safaricom",
        no_code: "no prompt" "hakuna ombi",
        meaning: "What it means" "Maana yake",
        business: "Business" "Biashara",
        share: "Paid" "Yaliyolipwa",
        success: "Paid" "Yaliyolipwa",
        failed: "Failed" "Yaliyoshindwa",
        cancelled: "Customer said no" "Mteja alikataa",
        agents: "Sites and agents" "Maeneo na ajenti",
        agents_none: "No site yet. A site shows here when a business makes it." "Bado hakuna eneo. Eneo litaonekana hapa biashara ikilitengeneza.",
        agents_none_away: "Every site is up." "Kila eneo liko hewani.",
        only_away: "Only those away" "Zilizo nje ya hewa tu",
        every: "All" "Zote",
        versions: "Versions" "Matoleo",
        software: "Version" "Toleo",
        agents_count: "Agents" "Ajenti",
        seen: "Last heard of" "Lilisikika mwisho",
        never: "never; its agent was not set up" "kamwe; ajenti wake hajawekwa",
        up_share: "Up in 30 days" "Hewani kwa siku 30",
        outages: "Times away" "Mara nje ya hewa",
        away_for: "away in all" "nje ya hewa kwa jumla",
        router: "Router in reach" "Ruta inapatikana",
        site: "Site" "Eneo",
        here: "up" "hewani",
        away: "away" "nje ya hewa",
        outages_text:
            "Being away for less than two and a half minutes is not counted, nor is silence while the platform itself was down. The router is counted as its agent tells."
            "Kukosekana kwa chini ya dakika mbili na nusu hakuhesabiwi, wala ukimya jukwaa lenyewe likiwa halipo. Ruta huhesabiwa jinsi ajenti wake anavyosema.",
        work_text:
            "Work is tried again by itself, ever less often, before it is given up. What could name somebody is taken out of the errors."
            "Kazi hujaribiwa tena yenyewe, kila mara baada ya muda mrefu zaidi, kabla ya kuachwa. Kinachoweza kumtaja mtu kimeondolewa kwenye makosa.",
        dead: "Given up" "Zilizoachwa",
        dead_none: "Nothing was given up." "Hakuna iliyoachwa.",
        failing: "Still tried" "Zinazojaribiwa",
        failing_none: "Everything works." "Kila kitu kinafanya kazi.",
        tried: "tried" "imejaribiwa",
        times: "times" "mara",
        next: "next at" "tena saa",
        since: "since" "tangu",
        retry: "Try again" "Jaribu tena",
        give_up: "Give up" "Acha",
        forget: "Put away" "Ondoa",
        ours: "the platform's own" "ya jukwaa lenyewe",
        retried_now: "It is tried again now. Look again in a moment." "Inajaribiwa tena sasa. Angalia tena baada ya muda mfupi.",
        gave_up: "It is not tried any more." "Haijaribiwi tena.",
        forgotten: "It is gone." "Imeondolewa.",
        not_so: "It has moved on meanwhile; here is how it stands." "Imebadilika kwa sasa; hali yake ni hii.",
        older: "Older" "Za zamani zaidi",
        news: "News to programs that does not arrive" "Habari kwa programu zisizofika",
        news_text:
            "Addresses of businesses that take nothing of what they are sent. A message is tried for a day; an address that takes nothing for five days is switched off, and its business can switch it on again. What was sent is not shown here."
            "Anwani za biashara zisizopokea chochote zinachotumiwa. Kila ujumbe hujaribiwa kwa siku nzima; anwani isiyopokea chochote kwa siku tano huzimwa, na biashara yake inaweza kuiwasha tena. Kilichotumwa hakionyeshwi hapa.",
        news_none: "Every address takes what it is sent." "Kila anwani inapokea inachotumiwa.",
        news_off: "switched off" "imezimwa",
        news_failing: "nothing has arrived since" "hakuna kilichofika tangu",
        news_waiting: "messages that wait:" "ujumbe unaosubiri:",
        news_lost: "given up:" "ulioachwa:",
        news_answer: "last answer:" "jibu la mwisho:",
        news_retried:
            "It is sent again now. Look again in a moment."
            "Inatumwa tena sasa. Angalia tena baada ya muda mfupi.",
        settings: "The platform's settings" "Mipangilio ya jukwaa",
        people: "Who works for the platform" "Wanaofanyia kazi jukwaa",
        second_must: "They need a second factor." "Wanahitaji hatua ya pili ya uthibitishaji.",
        second_may:
            "They need no second factor: this controller was started with --admin-second-factor optional."
            "Hawahitaji hatua ya pili: kidhibiti hiki kiliwashwa kwa --admin-second-factor optional.",
        has_second: "second factor" "hatua ya pili",
        no_second: "no second factor" "hakuna hatua ya pili",
        ended: "ended" "amemaliza",
        add_people:
            "People are added on the command line: mnara-controller admin create."
            "Watu huongezwa kwa mstari wa amri: mnara-controller admin create.",
        address: "Others reach it at" "Wengine hulifikia kwa",
        daraja: "M-PESA is asked at" "M-PESA huulizwa kwa",
        audit: "What the platform's staff did" "Wafanyakazi wa jukwaa walichofanya",
        audit_text:
            "What concerns the platform alone, and what its staff did in any business."
            "Yanayohusu jukwaa pekee, na wafanyakazi wake walichofanya katika biashara yoyote.",
    }
}
