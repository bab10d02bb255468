//! How one site is at this moment, who is online there, and what can be done for them.

words! {
    /// How one site is at this moment.
    LiveWords {
        now: "Now" "Sasa",
        as_of: "As of" "Ilisomwa saa",
        refresh: "Refresh" "Sasisha",
        still: "This page no longer updates by itself. Refresh it." "Ukurasa huu haujisasishi tena wenyewe. Usasishe.",
        up_since: "Up since" "Liko hewani tangu",
        away_since: "Away since" "Haliko hewani tangu",
        away_text:
            "The site goes on without us: vouchers work, and what happens there is told when it is back."
            "Eneo linaendelea bila sisi: vocha zinafanya kazi, na yanayotokea huko yataelezwa likirudi.",
        no_reading:
            "Nothing has come from this site yet. It tells how it is each minute; an older agent does not, until it is brought up to date."
            "Bado hakuna kilichofika kutoka eneo hili. Hueleza hali yake kila dakika; wakala wa zamani haelezi hadi asasishwe.",
        router_lost:
            "The router does not answer its agent. Check that it has power, and the cable between them."
            "Ruta haimjibu wakala wake. Kagua umeme wake, na kebo kati yao.",
        router_refuses:
            "The router refuses the agent's user name or password. Run the install script again."
            "Ruta inakataa jina au nenosiri la wakala. Endesha tena hati ya usakinishaji.",
        router_not_yet:
            "The agent has not reached the router since it started. Check the address and the password it was given."
            "Wakala hajaifikia ruta tangu aanze. Kagua anwani na nenosiri aliyopewa.",
        router: "Router" "Ruta",
        version: "RouterOS" "RouterOS",
        running_for: "Running for" "Imewaka kwa",
        load: "Processor" "Kichakataji",
        memory: "Free memory" "Kumbukumbu tupu",
        hotspots: "Hotspots" "Hotspot",
        stopped: "does not run" "haifanyi kazi",
        hosts: "Devices near" "Vifaa vilivyo karibu",
        online: "Online" "Mtandaoni",
        sessions: "Who is online" "Walio mtandaoni",
        nobody: "Nobody is online." "Hakuna aliye mtandaoni.",
        asking:
            "The site is asked who is online. Refresh in some seconds."
            "Eneo linaulizwa nani yuko mtandaoni. Sasisha baada ya sekunde chache.",
        more: "more, not shown" "zaidi, hawaonyeshwi",
        not_ours: "Not on a voucher" "Si kwa vocha",
        left: "left" "zimebaki",
        left_one: "left" "imebaki",
        down: "Down" "Kupokea",
        up: "Up" "Kutuma",
        act: "Help this customer" "Msaidie mteja huyu",
        kick: "Disconnect once" "Katisha mara moja",
        kick_text:
            "Takes the device off the air. The voucher stays good, and the device may come back at once."
            "Hutoa kifaa hewani. Vocha bado inafaa, na kifaa kinaweza kurudi mara moja.",
        pause: "Pause" "Simamisha",
        pause_text:
            "Stops the voucher's clock. It goes on when the code is typed again, or here."
            "Husimamisha saa ya vocha. Inaendelea msimbo ukiandikwa tena, au hapa.",
        move_on: "Move to another phone" "Hamishia simu nyingine",
        move_text:
            "Frees this device's place. Type the code on the other phone; the time left goes with it."
            "Hufungua nafasi ya kifaa hiki. Andika msimbo kwenye simu nyingine; muda uliobaki unahamia huko.",
        extend: "Give extra time" "Ongeza muda",
        extend_by: "Minutes" "Dakika",
        paused: "Paused vouchers" "Vocha zilizosimamishwa",
        paused_since: "since" "tangu",
        resume: "Let it go on" "Iendelee",
        waits: "The site is told. This page shows what it says in some seconds." "Eneo linaambiwa. Ukurasa huu utaonyesha jibu baada ya sekunde chache.",
        done: "Done." "Imefanyika.",
        extended: "The voucher has more time. The site is told now, or when it is back." "Vocha imeongezwa muda. Eneo linaambiwa sasa, au likirudi.",
        away_nothing:
            "The site is away, so nothing was done. Try again when it is up."
            "Eneo haliko hewani, kwa hiyo hakuna kilichofanyika. Jaribu tena likiwa hewani.",
        silent:
            "The site was told and has not answered, so we do not know whether it was done. Look whether the device is still online."
            "Eneo liliambiwa na halijajibu, kwa hiyo hatujui kama ilifanyika. Angalia kama kifaa bado kiko mtandaoni.",
        too_late: "It reached the site too late and was not done. Try again." "Ilifika eneo ikiwa imechelewa na haikufanyika. Jaribu tena.",
        not_here: "The voucher is not in use there any more." "Vocha haitumiki tena hapo.",
        not_running: "Its clock is not running, so there is nothing to pause." "Saa yake haiendi, kwa hiyo hakuna cha kusimamisha.",
        not_paused: "It is not paused." "Haijasimamishwa.",
        over: "The voucher is over." "Vocha imekwisha.",
        refused: "The site did not do it." "Eneo halikuifanya.",
        unknown: "What came of it is not known any more." "Matokeo yake hayajulikani tena.",
        no_agent: "The site has no agent yet." "Eneo bado halina wakala.",
        bad_minutes: "Give 1 to 43,200 minutes." "Toa dakika 1 hadi 43,200.",
        no_time: "This voucher has no limit of time." "Vocha hii haina kikomo cha muda.",
        stays_shut: "More time does not help this voucher: its data is used up, or it ended longer ago." "Muda zaidi hausaidii vocha hii: data yake imekwisha, au iliisha zamani.",
        not_selling:
            "This business may not sell now: Mnara has not let it in yet, or has stopped it."
            "Biashara hii hairuhusiwi kuuza sasa: Mnara bado haijaikubali, au imeisimamisha.",
        meanwhile:
            "Somebody gave this voucher time meanwhile. Look at what is left, then give more if it needs it."
            "Mtu mwingine ameiongezea vocha hii muda. Angalia kilichobaki, kisha uongeze ikihitajika.",
        gone: "There is no such voucher." "Hakuna vocha kama hiyo.",
        diagnose: "Look the site over" "Kagua eneo",
        diagnose_text:
            "The agent checks router, hotspot, customers' page, link and clock, and says what to do about what is wrong."
            "Wakala hukagua ruta, hotspot, ukurasa wa wateja, kiungo na saa, na kusema la kufanya.",
        findings: "What the agent found" "Alichokuta wakala",
        about_enrolment: "enrolment" "usajili",
        about_disk: "disk" "diski",
        about_agent: "agent" "wakala",
        about_link: "link to Mnara" "kiungo na Mnara",
        about_store: "the agent's store" "hifadhi ya wakala",
        about_facts: "what happened before" "yaliyotokea awali",
        about_clock: "clock" "saa",
        about_controller: "the way to Mnara" "njia ya kufika Mnara",
        about_router: "router" "ruta",
        about_devices: "devices" "vifaa",
        about_rights: "the agent's rights on the router" "ruhusa za wakala kwenye ruta",
        about_hotspot: "hotspot" "hotspot",
        about_addresses: "addresses" "anwani",
        about_log_in: "the hotspot's log-in" "kuingia kwa hotspot",
        about_garden: "walled garden" "kurasa zilizoruhusiwa (walled garden)",
        about_bindings: "devices let through" "vifaa visivyohitaji vocha",
        about_licence: "router's licence" "leseni ya ruta",
        about_portal: "customers' page" "ukurasa wa wateja",
        about_router_clock: "router's clock" "saa ya ruta",
        own_words: "In the agent's own words" "Kwa maneno ya wakala mwenyewe",
        verdict_good: "good" "nzuri",
        verdict_doubtful: "look" "angalia",
        verdict_bad: "bad" "mbaya",
        what_now: "What to do" "La kufanya",
        events: "What happened" "Yaliyotokea",
        events_none: "The agent has told of nothing unusual." "Wakala hajasema lolote lisilo la kawaida.",
        older: "Older" "Ya zamani",
        was_away: "The site was away for" "Eneo halikuwa hewani kwa",
        agent_started: "The agent started." "Wakala alianza.",
        ev_router_lost: "The router stopped answering." "Ruta iliacha kujibu.",
        ev_router_back: "The router answers again." "Ruta inajibu tena.",
        ev_router_rebooted: "The router restarted." "Ruta iliwaka upya.",
        ev_clock: "The site's clock was corrected by" "Saa ya eneo ilirekebishwa kwa",
        ev_refuses: "The router refused the agent's log-in." "Ruta ilikataa wakala kuingia.",
        ev_forked: "The agent was restored from a copy, or two machines are the same agent." "Wakala alirejeshwa kutoka nakala, au mashine mbili ni wakala mmoja.",
        ev_store: "The agent could not write to its disk." "Wakala hakuweza kuandika kwenye diski yake.",
        ev_duplicate: "Two machines hold this site's key." "Mashine mbili zina ufunguo wa eneo hili.",
        ev_gap: "Part of what happened at the site was lost before it reached us." "Sehemu ya yaliyotokea kwenye eneo ilipotea kabla ya kutufikia.",
        ev_large: "Something was too large to be sent to the site." "Kitu kilikuwa kikubwa mno kutumwa kwenye eneo.",
        ev_stopped: "The agent says what this version does not understand; it waits for an upgrade." "Wakala anasema kisichoeleweka na toleo hili; kinasubiri sasisho.",
        ev_drift: "Something on the router had been changed and was put right." "Kitu kwenye ruta kilibadilishwa na kimerekebishwa.",
        ev_unknown_ticket: "The site used a voucher that is not known here, as after a restore from a backup." "Eneo lilitumia vocha isiyojulikana hapa, kama baada ya kurejesha nakala.",
        ev_double_use: "Two sites that were cut off from each other took one voucher; the first keeps it. At risk:" "Maeneo mawili yaliyotengana yalikubali vocha moja; la kwanza linabaki nayo. Hasara inayowezekana:",
        ev_flood: "The site told more at once than it should; it goes on, more slowly." "Eneo lilieleza mengi kwa mara moja; linaendelea, polepole zaidi.",
        ev_differed: "The site's copy of plans and vouchers differed and was read anew." "Nakala ya eneo ya vifurushi na vocha ilitofautiana na ilisomwa upya.",
        ev_other: "Something this version has no name for" "Jambo ambalo toleo hili halina jina lake",
        alarm_duplicate:
            "Two machines seem to be this site's agent: one was copied. Switch the copy off, or make a new line below and enrol one machine anew."
            "Inaonekana mashine mbili ni wakala wa eneo hili: moja ilinakiliwa. Zima nakala, au tengeneza mstari mpya hapa chini na usajili mashine moja upya.",
        linux: "On a Linux box" "Kwenye kompyuta ya Linux",
        linux_text:
            "The router comes first: import its script, made for an agent on a Linux box. With a fresh code in it, its terminal shows at the end all that is to be typed on the box."
            "Ruta ndiyo ya kwanza: i-import hati yake, iliyotengenezwa kwa wakala aliye kwenye kompyuta ya Linux. Ikiwa na msimbo mpya, terminal yake itaonyesha mwishoni yote ya kuandika kwenye kompyuta.",
        linux_files: "Make the router's script" "Tengeneza hati ya ruta",
        linux_ready:
            "If that is done already, type this on the box, with the words --router, --router-pin and --router-password-file that the script showed at its end, then: mnara-agent run. A box that had its router before needs none of the three."
            "Kama hilo limeshafanyika, andika hii kwenye kompyuta, ukiongeza mwishoni maneno --router, --router-pin na --router-password-file yaliyoonyeshwa na hati, kisha: mnara-agent run. Kompyuta iliyokuwa na ruta yake awali haihitaji hayo matatu.",
        on_router: "On the router itself" "Kwenye ruta yenyewe",
        on_router_text:
            "Get the files below with a fresh code in them, put the folder on the router, and type this in its terminal:"
            "Pakua faili zilizo hapa chini zenye msimbo mpya, weka folda kwenye ruta, na andika hii kwenye terminal yake:",
        one_line: "The line for the router" "Mstari wa ruta",
        one_line_text:
            "Paste this whole line into the router's terminal. The router fetches everything itself. The line is good for an hour, until the agent is enrolled, and is shown only now."
            "Bandika mstari huu wote kwenye terminal ya ruta. Ruta itachukua kila kitu yenyewe. Mstari unafaa kwa saa moja, hadi wakala asajiliwe, na unaonyeshwa sasa tu.",
        one_line_needs:
            "It needs RouterOS 7.19 or newer, the right time on the router, and fetch allowed by its device mode. On 7.19 and 7.20 the line lets the router trust the certificate authorities it comes with. On an older one, download the files instead."
            "Unahitaji RouterOS 7.19 au jipya zaidi, saa sahihi kwenye ruta, na fetch iruhusiwe na device-mode yake. Kwenye 7.19 na 7.20 mstari huiruhusu ruta kuamini mamlaka za vyeti inazokuja nazo. Kwenye la zamani, pakua faili badala yake.",
        one_line_image:
            "The agent's image must be on the router's disk first: the script says its name if it is not."
            "Picha ya wakala iwe kwenye diski ya ruta kwanza: hati itataja jina lake kama haipo.",
        one_line_brings:
            "The router fetches the agent's image too, if it is not on its disk."
            "Ruta itachukua picha ya wakala pia, kama haipo kwenye diski yake.",
        one_line_one:
            "The line is for a router with one hotspot and the disk disk1."
            "Mstari ni wa ruta yenye hotspot moja na diski disk1.",
        one_line_box:
            "When it is done, the terminal shows what to type on the Linux box."
            "Ikimaliza, terminal itaonyesha cha kuandika kwenye kompyuta ya Linux.",
        one_line_other:
            "Another hotspot or disk, the agent on a Linux box, or files to download"
            "Hotspot au diski nyingine, wakala kwenye kompyuta ya Linux, au faili za kupakua",
        one_line_offer:
            "The router can fetch everything itself: you paste one line into its terminal."
            "Ruta inaweza kuchukua kila kitu yenyewe: unabandika mstari mmoja kwenye terminal yake.",
        one_line_make: "Make the line" "Tengeneza mstari",
        one_line_no_tls:
            "A router fetches only from an https:// address. Download the files, or whoever runs this program sets MNARA_PUBLIC_URL to one."
            "Ruta huchukua kutoka anwani ya https:// tu. Pakua faili, au anayeendesha programu hii aweke MNARA_PUBLIC_URL ya aina hiyo.",
        by_hand: "Or by hand" "Au kwa mkono",
        by_hand_text:
            "Download the files, put the folder on the router and import the script; the README in it says how."
            "Pakua faili, weka folda kwenye ruta na u-import hati; README iliyomo inaeleza jinsi.",
        voucher: "Voucher" "Vocha",
        flash_hint:
            "On a router that has a folder flash, put it in there and type flash/mnara/install.rsc."
            "Kwenye ruta yenye folda flash, iweke humo na uandike flash/mnara/install.rsc.",
        name: "Name of the site" "Jina la eneo",
        name_label: "What you and your customers call it" "Wewe na wateja mnaliitaje",
        name_keep: "Save the name" "Hifadhi jina",
        name_kept: "The site has its new name. Its page for customers shows it in a moment, or when it is back." "Eneo lina jina jipya. Ukurasa wake wa wateja utalionyesha punde, au likirudi hewani.",
        name_bad: "Give the site a name of 1 to 80 letters." "Lipe eneo jina la herufi 1 hadi 80.",
        closed: "closed" "limefungwa",
        closed_since: "Closed since" "Limefungwa tangu",
        closed_text:
            "It sells nothing any more and counts for no plan. Its sales and vouchers stay in your books."
            "Haliuzi tena wala halihesabiwi kwenye kifurushi. Mauzo na vocha zake zinabaki kwenye vitabu vyako.",
        closed_done: "The site is closed." "Eneo limefungwa.",
        close: "Close this site" "Funga eneo hili",
        close_text:
            "It sells nothing any more and counts for no plan. Its sales and vouchers stay in your books. Switch its machine off first."
            "Halitauza tena wala kuhesabiwa kwenye kifurushi. Mauzo na vocha zake zinabaki kwenye vitabu vyako. Zima mashine yake kwanza.",
        close_vouchers:
            "Vouchers that are good at this site alone are not taken back, but nobody can use them any more. What was bought here can be used at your other sites."
            "Vocha zinazotumika kwenye eneo hili pekee hazifutwi, lakini hakuna atakayeweza kuzitumia. Zilizonunuliwa hapa zinaweza kutumika kwenye maeneo yako mengine.",
        close_sure: "Yes, close it for good" "Ndiyo, lifunge kabisa",
        close_unsure:
            "Tick that you want to close it for good. Nothing was changed."
            "Weka alama kwamba unataka kulifunga kabisa. Hakuna kilichobadilishwa.",
        close_up:
            "It is still on the air: switch its machine off first."
            "Bado liko hewani: zima mashine yake kwanza.",
        files: "Files for the router" "Faili za ruta",
        files_text:
            "Install and remove scripts and the hotspot's pages, made for this site and your RouterOS version."
            "Hati za kusakinisha na kuondoa na kurasa za hotspot, zilizotengenezwa kwa eneo hili na toleo lako la RouterOS.",
        files_open: "Choose and download" "Chagua na pakua",
        mode: "Where the agent runs" "Wakala anakofanya kazi",
        mode_container: "In a container on the router (RouterOS 7, 256 MB of memory or a USB disk)" "Kwenye kontena ya ruta (RouterOS 7, kumbukumbu ya MB 256 au diski ya USB)",
        mode_sitebox: "On a small Linux box beside the router" "Kwenye kompyuta ndogo ya Linux kando ya ruta",
        routeros: "RouterOS version" "Toleo la RouterOS",
        routeros_hint:
            "As /system/resource/print shows it, such as 7.21.3. Releases call things by different names, so give your own; 7.14 is the oldest that will do."
            "Kama /system/resource/print inavyoonyesha, mfano 7.21.3. Matoleo hutofautiana kwa majina ya amri, hivyo andika la ruta yako; la zamani kabisa linalofaa ni 7.14.",
        arch: "Processor of the router" "Kichakataji cha ruta",
        arch_hint: "architecture-name in /system/resource/print." "architecture-name kwenye /system/resource/print.",
        hotspot_name: "Name of the hotspot" "Jina la hotspot",
        hotspot_hint: "As /ip/hotspot/print shows it." "Kama /ip/hotspot/print inavyoonyesha.",
        box_address: "Address of the box" "Anwani ya kompyuta",
        box_hint: "Only for a Linux box: a fixed address in the hotspot's network, such as 10.5.50.2." "Kwa kompyuta ya Linux tu: anwani isiyobadilika kwenye mtandao wa hotspot, mfano 10.5.50.2.",
        disk: "Disk for the agent" "Diski ya wakala",
        disk_hint:
            "Only for a container: as the router's list of files shows it, such as disk1 or usb1. Leave it empty for the router's own storage, if that has the room."
            "Kwa kontena tu: kama orodha ya faili za ruta inavyoonyesha, mfano disk1 au usb1. Acha wazi kwa hifadhi ya ruta yenyewe, kama ina nafasi.",
        with_claim: "Put a fresh enrolment code into the script (good once, for an hour)" "Weka msimbo mpya wa usajili kwenye hati (unafaa mara moja, kwa saa moja)",
        download: "Download" "Pakua",
        bad_name: "Give the hotspot's name in 1 to 64 letters." "Toa jina la hotspot kwa herufi 1 hadi 64.",
        bad_box: "Give the address as four numbers, such as 10.5.50.2." "Toa anwani kama nambari nne, mfano 10.5.50.2.",
        bad_disk:
            "Give the disk by its letters and digits, such as usb1, or leave it empty."
            "Andika diski kwa herufi na tarakimu zake, mfano usb1, au acha wazi.",
        bad_routeros:
            "Give the RouterOS version of your router, from 7.14 on, such as 7.21.3. In /system/resource/print it is the line version."
            "Andika toleo la RouterOS la ruta yako, kuanzia 7.14, mfano 7.21.3. Katika /system/resource/print ni mstari wa version.",
        agent_files: "The agent" "Wakala",
        agent_files_text:
            "By the router's processor, the image for its container; by the processor of the Linux box, the program for that."
            "Kwa kichakataji cha ruta, picha ya kontena yake; kwa kichakataji cha kompyuta ya Linux, programu yake.",
        agent_files_none:
            "The image for a router's container and the program for a Linux box are given out by whoever runs this Mnara: ask them for the one that fits."
            "Picha ya kontena ya ruta na programu ya kompyuta ya Linux hutolewa na anayeendesha Mnara hii: mwombe inayofaa.",
        agent_image: "image" "picha",
        agent_program: "program" "programu",
        bad_choice: "Choose one of the listed values." "Chagua mojawapo ya yaliyoorodheshwa.",
    }
}

impl LiveWords {
    /// Why a site did not do what it was asked to, by the audit's word for that.
    #[must_use]
    pub fn undone(&self, why: &str) -> &'static str {
        match why {
            "away" => self.away_nothing,
            "too-late" => self.too_late,
            "not-here" => self.not_here,
            "not-running" => self.not_running,
            "not-paused" => self.not_paused,
            "over" => self.over,
            _ => self.refused,
        }
    }

    /// What the agent looked at, by its word for it; a word of a later agent speaks for itself.
    #[must_use]
    pub fn about<'a>(&self, word: &'a str) -> &'a str {
        match word {
            "enrolment" => self.about_enrolment,
            "disk" => self.about_disk,
            "agent" => self.about_agent,
            "link" => self.about_link,
            "store" => self.about_store,
            "facts" => self.about_facts,
            "clock" => self.about_clock,
            "controller" => self.about_controller,
            "router" => self.about_router,
            "devices" => self.about_devices,
            "rights" => self.about_rights,
            "hotspot" => self.about_hotspot,
            "addresses" => self.about_addresses,
            "log-in" => self.about_log_in,
            "walled garden" => self.about_garden,
            "bindings" => self.about_bindings,
            "licence" => self.about_licence,
            "portal" => self.about_portal,
            "router's clock" => self.about_router_clock,
            other => other,
        }
    }
}
