//! What is written in mail. A word in braces is a place: `{site}`.

words! {
    /// What is written in mail.
    MailWords {
        hello: "Hello {name}," "Habari {name},",
        reset: "A new password for Mnara" "Nenosiri jipya la Mnara",
        reset_text:
            "Somebody, hopefully you, asked for a new password. Open this within an hour to choose one; it works once."
            "Mtu fulani, tunatumaini ni wewe, ameomba nenosiri jipya. Fungua hapa ndani ya saa moja ulichague; kiungo kinafanya kazi mara moja.",
        reset_button: "Choose a new password" "Chagua nenosiri jipya",
        reset_not_you:
            "If it was not you, do nothing: your password stays as it is, and nobody got in."
            "Kama si wewe, usifanye chochote: nenosiri lako linabaki lilivyo, na hakuna aliyeingia.",
        not_you:
            "If it was not you, choose a new password now and look at where you are logged in."
            "Kama si wewe, chagua nenosiri jipya sasa na uangalie mahali ulipoingia.",
        to_forgot: "Choose a new password" "Chagua nenosiri jipya",
        foot_account:
            "Mnara writes this to whoever's account it is; it cannot be switched off."
            "Mnara humwandikia mwenye akaunti; ujumbe huu hauwezi kuzimwa.",
        foot_security:
            "Mnara writes this to all owners of {business}; it cannot be switched off."
            "Mnara huwaandikia wamiliki wote wa {business}; ujumbe huu hauwezi kuzimwa.",
        foot_chosen:
            "You get this because of your place at {business}. An owner or manager chooses who gets what, under Settings, Notices."
            "Unapata ujumbe huu kwa sababu ya nafasi yako {business}. Mmiliki au meneja huchagua nani apate nini, kwenye Mipangilio, Taarifa.",
        password: "Your password was changed" "Nenosiri lako limebadilishwa",
        password_text:
            "Your password at Mnara was changed just now. Your other browsers were logged out."
            "Nenosiri lako la Mnara limebadilishwa sasa hivi. Vivinjari vyako vingine vimetolewa.",
        own_second_on: "Your second factor is on" "Hatua yako ya pili imewashwa",
        own_second_on_text:
            "From now on Mnara asks for six digits from your phone after your password."
            "Kuanzia sasa Mnara itaomba tarakimu sita kutoka kwa simu yako baada ya nenosiri.",
        own_second_off: "Your second factor is off" "Hatua yako ya pili imezimwa",
        own_second_off_text:
            "Mnara no longer asks for six digits after your password: the password alone lets somebody in."
            "Mnara haitaomba tena tarakimu sita baada ya nenosiri: nenosiri peke yake linatosha kuingia.",
        passkey_added: "You have a new passkey" "Una ufunguo mpya wa kuingia",
        passkey_added_text:
            "A passkey was added to your account at Mnara. Whoever holds it can log in as you."
            "Ufunguo wa kuingia umeongezwa kwenye akaunti yako ya Mnara. Aliye nao anaweza kuingia kama wewe.",
        passkey_removed: "A passkey was removed" "Ufunguo wa kuingia umeondolewa",
        passkey_removed_text:
            "A passkey was removed from your account at Mnara. It no longer logs anybody in."
            "Ufunguo wa kuingia umeondolewa kwenye akaunti yako ya Mnara. Haumwingizi mtu yeyote tena.",
        contact: "Confirm your e-mail address" "Thibitisha barua pepe yako",
        contact_text:
            "You want to log in at Mnara with this address. Open this within a day, in the browser in which you are logged in."
            "Unataka kuingia Mnara kwa anwani hii. Fungua hapa ndani ya siku moja, kwenye kivinjari ambacho umeingia.",
        contact_button: "This is my address" "Hii ni anwani yangu",
        contact_not_you:
            "If it was not you, do nothing: this address stays unknown to Mnara."
            "Kama si wewe, usifanye chochote: anwani hii itabaki haijulikani na Mnara.",
        contact_changed: "What you log in with was changed" "Unachoingia nacho kimebadilishwa",
        contact_changed_text:
            "The e-mail address or phone number that you log in with at Mnara was changed just now."
            "Barua pepe au nambari ya simu unayoingia nayo Mnara imebadilishwa sasa hivi.",
        mpesa_changed: "{business}: where money goes was changed" "{business}: mahali pesa zinakoenda pamebadilishwa",
        mpesa_changed_text:
            "The M-PESA account customers of {business} pay into was changed just now. If no owner did that, put it back at once and change your passwords."
            "Akaunti ya M-PESA ambayo wateja wa {business} hulipia imebadilishwa sasa hivi. Kama hakuna mmiliki aliyefanya hivyo, irudishe mara moja na ubadilishe manenosiri yenu.",
        to_mpesa: "See where money goes" "Ona pesa zinakoenda",
        operator_changed: "{business}: the M-PESA operator was changed" "{business}: mhudumu wa M-PESA amebadilishwa",
        operator_changed_text:
            "The M-PESA operator that may send customers' money back for {business} was set or removed just now. If no owner did that, remove it and change your passwords."
            "Mhudumu wa M-PESA anayeweza kurudisha pesa za wateja wa {business} amewekwa au ameondolewa sasa hivi. Kama hakuna mmiliki aliyefanya hivyo, mwondoe na ubadilishe manenosiri yenu.",
        to_operator: "See the operator" "Ona mhudumu",
        second_off: "{business}: an owner's second factor is off" "{business}: hatua ya pili ya mmiliki imezimwa",
        second_off_text:
            "{who} switched the second factor off: their password alone lets somebody into {business} now. If you do not know why, ask them."
            "{who} amezima hatua ya pili: sasa nenosiri lake peke yake linatosha kuingia {business}. Kama hujui kwa nini, muulize.",
        password_of: "{business}: an owner's password was changed" "{business}: nenosiri la mmiliki limebadilishwa",
        password_of_text:
            "The password of {who}, an owner of {business}, was changed. If that surprises you, ask them."
            "Nenosiri la {who}, mmiliki wa {business}, limebadilishwa. Kama hilo linakushangaza, muulize.",
        contact_of: "{business}: what an owner logs in with was changed" "{business}: anachoingia nacho mmiliki kimebadilishwa",
        contact_of_text:
            "The e-mail address or phone number that {who}, an owner of {business}, logs in with was changed. If that surprises you, ask them."
            "Barua pepe au nambari ya simu ambayo {who}, mmiliki wa {business}, huingia nayo imebadilishwa. Kama hilo linakushangaza, muulize.",
        contact_call:
            "If it was not you, call the business's other owners now."
            "Kama si wewe, wapigie simu sasa wamiliki wengine wa biashara.",
        new_owner: "{business} has a new owner" "{business} ina mmiliki mpya",
        new_owner_text:
            "{who} is an owner of {business} now and can do everything, also change where money goes. If that is wrong, change their place at once."
            "{who} sasa ni mmiliki wa {business} na anaweza kufanya kila kitu, hata kubadilisha pesa zinakoenda. Kama si sahihi, badilisha nafasi yake mara moja.",
        owner_gone: "{business}: somebody is no owner any more" "{business}: mtu si mmiliki tena",
        owner_gone_text:
            "{who} is no owner of {business} any more. If that is wrong, call the business's other owners now: any of them can put it right."
            "{who} si mmiliki wa {business} tena. Kama si sahihi, wapigie simu sasa wamiliki wengine wa biashara: yeyote kati yao anaweza kurekebisha.",
        to_staff: "See who works here" "Ona wanaofanya kazi hapa",
        approved: "{business} is let in" "{business} imekubaliwa",
        approved_text:
            "We have looked at your sign-up, and your business may sell from now on. The home page says what is left to set up."
            "Tumeangalia usajili wenu, na biashara yenu inaruhusiwa kuuza kuanzia sasa. Ukurasa wa mwanzo unaonyesha yaliyobaki kuandaliwa.",
        stopped: "{business} is stopped" "{business} imesimamishwa",
        stopped_text:
            "Its sites sell nothing now. Vouchers that were sold go on working."
            "Maeneo yake hayauzi chochote sasa. Vocha zilizouzwa zinaendelea kufanya kazi.",
        goes_on: "{business} may sell again" "{business} inaruhusiwa kuuza tena",
        goes_on_text:
            "Your business is stopped no more. Its sites sell again as soon as they hear of it."
            "Usimamishaji wa biashara yenu umeondolewa. Maeneo yake yatauza tena mara tu yakipata habari.",
        sign_up: "{businesses} waits for you" "{businesses} inakusubiri",
        sign_up_text:
            "{businesses} signed up and waits to be let in. Until then it can set everything up and sells nothing."
            "{businesses} imejisajili na inasubiri kuruhusiwa. Hadi hapo inaweza kuandaa kila kitu, lakini haiuzi chochote.",
        sign_ups: "{count} businesses wait for you" "Biashara {count} zinakusubiri",
        sign_ups_text:
            "These businesses signed up and wait to be let in: {businesses}. Until then they can set everything up and sell nothing."
            "Biashara hizi zimejisajili na zinasubiri kuruhusiwa: {businesses}. Hadi hapo zinaweza kuandaa kila kitu, lakini haziuzi chochote.",
        more_businesses: "and {count} more" "na nyingine {count}",
        to_waiting: "See who waits" "Ona wanaosubiri",
        foot_admins:
            "Mnara writes this to all who work for the platform, at most once in three hours however many sign up."
            "Mnara huwaandikia wote wanaofanyia kazi jukwaa, si zaidi ya mara moja kila saa tatu, hata wakijisajili wengi.",
        site_away: "{site} is away" "{site} haipatikani",
        site_away_text:
            "We have not heard from {site} since {since}. Customers who are online stay so and printed vouchers work, but nobody can pay by M-PESA there. See whether its power and its internet are on."
            "Hatujasikia kutoka {site} tangu {since}. Wateja walio mtandaoni wanaendelea na vocha zilizochapishwa zinafanya kazi, lakini hakuna anayeweza kulipa kwa M-PESA huko. Angalia kama umeme na intaneti viko.",
        site_back: "{site} is back" "{site} imerudi",
        site_back_text:
            "{site} is back after {away}, and has told us all that happened meanwhile. You need not do anything."
            "{site} imerudi baada ya {away}, na imetueleza yote yaliyotokea. Huhitaji kufanya chochote.",
        sites_away: "{count} sites are away" "Maeneo {count} hayapatikani",
        sites_away_text:
            "We have not heard from these sites of {business} since the times given: {sites}. Customers who are online stay so and printed vouchers work, but nobody can pay by M-PESA there. See whether their power and their internet are on."
            "Hatujasikia kutoka maeneo haya ya {business} tangu nyakati zilizotajwa: {sites}. Wateja walio mtandaoni wanaendelea na vocha zilizochapishwa zinafanya kazi, lakini hakuna anayeweza kulipa kwa M-PESA huko. Angalia kama umeme na intaneti viko.",
        sites_back: "{count} sites are back" "Maeneo {count} yamerudi",
        sites_back_text:
            "These sites of {business} are back, with how long each was away: {sites}. They have told us all that happened meanwhile. You need not do anything."
            "Maeneo haya ya {business} yamerudi, pamoja na muda ambao kila moja halikupatikana: {sites}. Yametueleza yote yaliyotokea. Huhitaji kufanya chochote.",
        more_sites: "and {count} more" "na mengine {count}",
        router_lost: "{site}: the router does not answer" "{site}: ruta haijibu",
        router_lost_text:
            "We can reach {site}, but its router has not answered there since {since}. Until it does, nobody can buy a voucher or log in there. See whether the router is on and its cables are in."
            "Tunaifikia {site}, lakini ruta yake haijajibu huko tangu {since}. Hadi ijibu, hakuna anayeweza kununua vocha wala kuingia mtandaoni huko. Angalia kama ruta imewashwa na kebo zake zimechomekwa.",
        router_back: "{site}: the router answers again" "{site}: ruta inajibu tena",
        router_back_text:
            "The router of {site} answers again after {away}. Customers can buy and log in there as before. You need not do anything."
            "Ruta ya {site} inajibu tena baada ya {away}. Wateja wanaweza kununua na kuingia huko kama kawaida. Huhitaji kufanya chochote.",
        routers_lost: "{count} routers do not answer" "Ruta {count} hazijibu",
        routers_lost_text:
            "We can reach these sites of {business}, but their routers have not answered there since the times given: {sites}. Until they do, nobody can buy a voucher or log in there. See whether the routers are on and their cables are in."
            "Tunayafikia maeneo haya ya {business}, lakini ruta zake hazijajibu huko tangu nyakati zilizotajwa: {sites}. Hadi zijibu, hakuna anayeweza kununua vocha wala kuingia mtandaoni huko. Angalia kama ruta zimewashwa na kebo zake zimechomekwa.",
        routers_back: "{count} routers answer again" "Ruta {count} zinajibu tena",
        routers_back_text:
            "The routers of these sites of {business} answer again, with how long each did not: {sites}. Customers can buy and log in there as before. You need not do anything."
            "Ruta za maeneo haya ya {business} zinajibu tena, pamoja na muda ambao kila moja haikujibu: {sites}. Wateja wanaweza kununua na kuingia huko kama kawaida. Huhitaji kufanya chochote.",
        to_sites: "See the sites" "Ona maeneo",
        books_differ: "{business}: the books do not balance" "{business}: hesabu hazilingani",
        books_differ_text:
            "What the payments of {business} say and what its books say differ. Nothing is lost; the page of the books shows where."
            "Malipo ya {business} na vitabu vyake vinatofautiana. Hakuna kilichopotea; ukurasa wa vitabu unaonyesha wapi.",
        platform_keys: "Mnara: change a key of the platform" "Mnara: badilisha ufunguo wa jukwaa",
        platform_vault_text:
            "The key that seals what is stored (ENCRYPTION_KEY) is in use since {since}, for more than a year. Put a new one before it: everything is sealed anew by itself, and the page of the platform's work says when the old one can go."
            "Ufunguo unaofunga kilichohifadhiwa (ENCRYPTION_KEY) unatumika tangu {since}, zaidi ya mwaka mmoja. Weka mpya mbele yake: kila kitu kitafungwa upya chenyewe, na ukurasa wa kazi za jukwaa utasema lini wa zamani unaweza kuondolewa.",
        platform_identity_text:
            "The key by which sites know this Mnara is in use since {since}, for more than a year. Change it by the command line, as the run-book says; sites learn of it by themselves."
            "Ufunguo ambao maeneo hutambua Mnara hii unatumika tangu {since}, zaidi ya mwaka mmoja. Ubadilishe kwa mstari wa amri, kama mwongozo unavyosema; maeneo yataujua yenyewe.",
        platform_pesapal_text:
            "The keys of the platform's account at Pesapal (PESAPAL_CONSUMER_KEY, PESAPAL_CONSUMER_SECRET) are in use since {since}, for more than a year. Have new ones made in Pesapal's dashboard, put them into the settings and start Mnara again."
            "Funguo za akaunti ya jukwaa kwa Pesapal (PESAPAL_CONSUMER_KEY, PESAPAL_CONSUMER_SECRET) zinatumika tangu {since}, zaidi ya mwaka mmoja. Tengeneza mpya kwenye dashibodi ya Pesapal, ziweke kwenye mipangilio kisha uanzishe Mnara upya.",
        platform_sms_text:
            "The key of the platform's account at Africa's Talking (AFRICASTALKING_API_KEY) is in use since {since}, for more than a year. Have a new one made in its dashboard, put it into the settings and start Mnara again."
            "Ufunguo wa akaunti ya jukwaa kwa Africa's Talking (AFRICASTALKING_API_KEY) unatumika tangu {since}, zaidi ya mwaka mmoja. Tengeneza mpya kwenye dashibodi yake, uuweke kwenye mipangilio kisha uanzishe Mnara upya.",
        platform_smtp_text:
            "The password with which Mnara logs in at the mail server (in SMTP_URL) is in use since {since}, for more than a year. Set a new one at whoever runs that server, put it into the settings and start Mnara again."
            "Nenosiri ambalo Mnara huingia nalo kwenye seva ya barua pepe (katika SMTP_URL) linatumika tangu {since}, zaidi ya mwaka mmoja. Weka jipya kwa anayeendesha seva hiyo, liandike kwenye mipangilio kisha uanzishe Mnara upya.",
        to_work: "The platform's work" "Kazi za jukwaa",
        keys_old: "{business}: change old keys" "{business}: badilisha funguo za zamani",
        keys_old_text:
            "These have been in use for more than a year, each since the day in brackets: {keys}. Whoever copied one meanwhile can still use it. Make new ones under Settings when it suits you; nothing stops."
            "Hizi zimetumika kwa zaidi ya mwaka, kila moja tangu siku iliyo kwenye mabano: {keys}. Aliyenakili moja bado anaweza kuitumia. Tengeneza mpya kwenye Mipangilio wakati unaofaa; hakuna kinachosimama.",
        webhook_off: "{business}: news to {host} is switched off" "{business}: habari kwa {host} zimezimwa",
        webhook_off_text:
            "Your program at {host} took nothing for days, or said that it wants no more. We send nothing there now, and what waited was given up. Mend the program, switch its address on, and send again what it missed."
            "Programu yako kwenye {host} haikupokea chochote kwa siku kadhaa, au ilisema haitaki zaidi. Sasa hatutumi chochote huko, na ujumbe uliosubiri umeachwa. Rekebisha programu, washa anwani yake, kisha utume tena iliyokosa.",
        to_webhooks: "See the addresses" "Ona anwani",
        key_mpesa: "the keys of the M-PESA account" "funguo za akaunti ya M-PESA",
        key_operator: "the credential of the M-PESA operator \"{name}\"" "kitambulisho cha mhudumu wa M-PESA \"{name}\"",
        key_api: "the key \"{name}\" for programs" "ufunguo \"{name}\" wa programu",
        key_webhook: "the secret of news to {url}" "siri ya habari kwa {url}",
        more_keys: "and {count} more" "na nyingine {count}",
        month: "{business} in {month}: {paid}" "{business} mwezi {month}: {paid}",
        month_text:
            "Customers paid {paid} in {month}. The month by day, plan and site is in the two files with this letter: a PDF to read and a table for spreadsheets."
            "Wateja walilipa {paid} mwezi {month}. Mwezi kwa siku, kifurushi na eneo uko kwenye faili mbili zilizo na barua hii: PDF ya kusoma na jedwali la lahajedwali.",
        to_reports: "Open the reports" "Fungua ripoti",
        to_books: "Open the books" "Fungua vitabu",
        money_flagged: "{business}: look at a payment" "{business}: angalia malipo",
        money_flagged_text:
            "A payment of {amount} did not go as it should, and somebody should look at it: what M-PESA said of it does not agree."
            "Malipo ya {amount} hayakwenda inavyopaswa, na mtu anapaswa kuyaangalia: maelezo ya M-PESA hayalingani.",
        money_unread: "{business}: a payment could not be read" "{business}: malipo hayakusomeka",
        money_unread_text:
            "M-PESA told of a payment to {business} in a way that cannot be read. The money is in your M-PESA account and not in the books: compare a statement of M-PESA with the books, and take it in."
            "M-PESA ilijulisha malipo kwa {business} kwa namna isiyosomeka. Pesa ziko kwenye akaunti yako ya M-PESA lakini hazimo kwenye vitabu: linganisha taarifa ya M-PESA na vitabu, kisha uziingize.",
        to_statement: "Compare a statement" "Linganisha taarifa",
        to_home: "Open Mnara" "Fungua Mnara",
        summary: "{business} today: {paid}" "{business} leo: {paid}",
        summary_text:
            "Customers paid {paid} today. Payments: {sales}. Vouchers running now: {running}. Sites up: {up}."
            "Wateja wamelipa {paid} leo. Malipo: {sales}. Vocha zinazotumika sasa: {running}. Maeneo yanayofanya kazi: {up}.",
    }
}
