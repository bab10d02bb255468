//! Each failure a customer can meet, through the portal's own pages and forms, in both languages: the page says what happened
//! and what to do next, and the next step is there to be taken.

use std::time::Duration;

use mnara_tests::sim::daraja::{Answer, Callback, Code, Mode, QueryAnswer, Script, When};
use mnara_tests::sim::routeros;
use mnara_tests::world::business::PlanSpec;
use mnara_tests::world::cable::Way;
use mnara_tests::world::phone::{Page, Phone};
use mnara_tests::world::{Setup, Site, World};

mod away;

/// Addresses of the start page in both languages.
const LANGUAGES: [&str; 2] = ["?lang=en", "?lang=sw"];

/// What happened and what to do, in English and in Swahili.
type Told = [[&'static str; 2]; 2];

async fn world() -> World {
    let mut setup = Setup::default();
    setup.daraja.knobs.mode = Mode::Hand;
    setup.plans.push(PlanSpec {
        name: "Until tomorrow",
        price: 10,
        flags: &["--duration", "1h", "--sell-by", "1d"],
    });
    let world = World::start(setup).await.unwrap();
    world.knows_its_plans(&world.site).await.unwrap();
    world
}

/// Waits until a phone's page says something in English, and checks that it says the same in Swahili. Gives the Swahili page.
async fn reads(world: &World, site: &Site, phone: &Phone, told: Told) -> Page {
    let mut last = None;
    for (language, words) in LANGUAGES.into_iter().zip(told) {
        let page = world
            .until(words[0], async || {
                let page = phone.open(&site.router, language).await?;
                anyhow::ensure!(page.says(words[0]), "the page says:\n{}", page.text);
                Ok(Some(page))
            })
            .await
            .unwrap();
        assert!(page.says(words[1]), "no {:?}:\n{}", words[1], page.text);
        last = Some(page);
    }
    last.unwrap()
}

/// Begins to buy on the portal and waits for the prompt.
async fn prompted(world: &World, phone: &Phone, number: u32) -> String {
    let router = &world.site.router;
    let page = phone.home(router).await.unwrap();
    let plan = world.business.plan("One hour");
    let page = phone
        .order(router, &page, &plan.id, &format!("07{number:08}"))
        .await
        .unwrap();
    // The page waits for M-PESA for a few seconds; where that takes longer, it says that it asks and looks again.
    let page = if page.says("Asking M-PESA") {
        let home = world.until("M-PESA was asked", async || {
            let page = phone.home(router).await?;
            Ok((!page.says("Asking M-PESA")).then_some(page))
        });
        home.await.unwrap()
    } else {
        page
    };
    assert!(page.says("Check your phone"), "{}", page.text);
    let msisdn = format!("2547{number:08}");
    let prompt = world.daraja.await_prompt(&msisdn).await.unwrap();
    assert_eq!(prompt.amount, 20);
    msisdn
}

#[tokio::test]
async fn a_prompt_that_ends_without_money_says_why_and_lets_the_customer_try_again() {
    let world = world().await;
    let router = &world.site.router;
    let ends: [(Answer, Told); 11] = [
        (
            Answer::WrongPin,
            [
                ["The M-PESA PIN was wrong", "Nothing was charged. Try again"],
                ["PIN ya M-PESA haikuwa sahihi", "Jaribu tena"],
            ],
        ),
        (
            Answer::Cancel,
            [
                ["The payment was cancelled", "Try again when you are ready"],
                ["Malipo yameghairiwa", "Jaribu tena ukiwa tayari"],
            ],
        ),
        (
            Answer::NoMoney,
            [
                ["There is not enough money in M-PESA", "Top up"],
                ["Salio la M-PESA halitoshi", "Ongeza salio"],
            ],
        ),
        (
            Answer::Ignore,
            [
                [
                    "The phone did not answer",
                    "Look at the screen and try again",
                ],
                ["Simu haikujibu", "Angalia skrini ujaribu tena"],
            ],
        ),
        (
            Answer::Code(Code::Number(1019)),
            [
                ["The M-PESA prompt ran out", "within a minute"],
                ["Muda wa ombi la M-PESA umeisha", "ndani ya dakika moja"],
            ],
        ),
        (
            Answer::Code(Code::Number(1001)),
            [
                [
                    "Another M-PESA prompt is open on that phone",
                    "Finish or cancel it",
                ],
                [
                    "Ombi lingine la M-PESA liko wazi kwenye simu hiyo",
                    "Limalize au ulighairi",
                ],
            ],
        ),
        (
            Answer::Code(Code::Number(17)),
            [
                [
                    "The same payment was made just before",
                    "Wait, then try again",
                ],
                ["Malipo kama haya yamefanywa sasa hivi", "Subiri"],
            ],
        ),
        (
            Answer::Code(Code::Number(4)),
            [
                [
                    "An M-PESA limit was reached",
                    "Try another amount or another phone",
                ],
                ["Kikomo cha M-PESA kimefikiwa", "Jaribu kiasi kingine"],
            ],
        ),
        (
            Answer::Code(Code::Number(8006)),
            [
                ["Your M-PESA PIN is locked", "Call 100 or 200"],
                ["PIN yako ya M-PESA imefungwa", "Piga 100 au 200"],
            ],
        ),
        (
            Answer::Code(Code::Number(26)),
            [
                ["M-PESA is busy", "Try again in a minute"],
                [
                    "M-PESA ina shughuli nyingi",
                    "Jaribu tena baada ya dakika moja",
                ],
            ],
        ),
        (
            Answer::Code(Code::Text("SFC_IC0003".into())),
            [
                [
                    "M-PESA is not set up correctly at this hotspot",
                    "Tell the people here; a voucher code works",
                ],
                [
                    "M-PESA haijawekwa sawasawa",
                    "msimbo wa vocha unafanya kazi",
                ],
            ],
        ),
    ];
    for (index, (answer, told)) in ends.into_iter().enumerate() {
        let phone = world.site.join().unwrap();
        let number = 60_000_000 + u32::try_from(index).unwrap();
        let msisdn = prompted(&world, &phone, number).await;
        world.daraja.answer(&msisdn, &answer).unwrap();
        if answer == Answer::Ignore {
            world.daraja.advance(Duration::from_secs(61));
        }
        let page = reads(&world, &world.site, &phone, told).await;
        assert!(!phone.online(router), "{answer:?} opened the door");
        // Both next steps are on the page: another try, and a code. So is somebody to call.
        for form in ["/portal/buy", "/portal/code"] {
            assert!(page.form(form).is_some(), "no {form}:\n{}", page.text);
        }
        assert!(page.says("0712000000"), "nobody to call:\n{}", page.text);
    }

    // Whoever does what the page says is online.
    let phone = world.site.join().unwrap();
    let msisdn = prompted(&world, &phone, 61_000_000).await;
    world.daraja.answer(&msisdn, &Answer::WrongPin).unwrap();
    let told = [["The M-PESA PIN was wrong", ""], ["haikuwa sahihi", ""]];
    reads(&world, &world.site, &phone, told).await;
    let msisdn = prompted(&world, &phone, 61_000_000).await;
    world.daraja.answer(&msisdn, &Answer::Accept).unwrap();
    phone.comes_online(router).await.unwrap();
    let told = [
        ["You are online", "Keep this code"],
        ["Uko online", "Hifadhi msimbo huu"],
    ];
    reads(&world, &world.site, &phone, told).await;
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_number_that_is_none_and_a_prompt_open_elsewhere_are_said_on_the_page() {
    let world = world().await;
    let router = &world.site.router;
    let plan = world.business.plan("One hour").id.clone();
    let (one, other) = (world.site.join().unwrap(), world.site.join().unwrap());
    prompted(&world, &one, 62_000_000).await;
    let cases = [
        (
            "0812 345",
            ["That is not a mobile number", "such as 0712 345 678"],
            ["Hiyo si nambari sahihi ya simu", "kama 0712 345 678"],
        ),
        (
            "0762000000",
            [
                "Another M-PESA prompt is open on that phone",
                "wait a minute",
            ],
            [
                "Ombi lingine la M-PESA liko wazi kwenye simu hiyo",
                "subiri dakika moja",
            ],
        ),
    ];
    for (number, english, swahili) in cases {
        for (language, words) in LANGUAGES.into_iter().zip([english, swahili]) {
            let page = other.open(router, language).await.unwrap();
            let page = other.order(router, &page, &plan, number).await.unwrap();
            assert!(
                words.iter().all(|words| page.says(words)),
                "{number}, not {words:?}:\n{}",
                page.text
            );
            assert!(page.form("/portal/buy").is_some(), "{}", page.text);
        }
    }
    assert_eq!(world.daraja.payments().len(), 1, "only one phone was asked");
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_customer_whose_callback_is_lost_waits_on_a_page_that_says_so_and_is_let_in() {
    let world = world().await;
    let router = &world.site.router;
    let phone = world.site.join().unwrap();
    world.daraja.script_next(Script {
        callback: Callback {
            when: When::Never,
            ..Callback::default()
        },
        query: vec![QueryAnswer::BeingProcessed],
        ..Script::default()
    });
    let msisdn = prompted(&world, &phone, 63_000_000).await;
    world.daraja.answer(&msisdn, &Answer::Accept).unwrap();
    let told = [
        [
            "Check your phone",
            "This page updates itself. Keep it open.",
        ],
        [
            "Angalia simu yako",
            "Ukurasa huu unajisasisha wenyewe. Usiufunge.",
        ],
    ];
    let page = reads(&world, &world.site, &phone, told).await;
    assert!(
        page.form("/portal/buy").is_none(),
        "somebody who has paid is asked to pay again:\n{}",
        page.text
    );
    world
        .until("the money is found by asking", async || {
            world.daraja.advance(Duration::from_secs(5));
            world.controller.advance(Duration::from_secs(5)).await?;
            Ok(phone.online(router).then_some(()))
        })
        .await
        .unwrap();
    let told = [
        ["You are online", "Time left"],
        ["Uko online", "Muda uliobaki"],
    ];
    reads(&world, &world.site, &phone, told).await;
    world.end().await.unwrap();
}

#[tokio::test]
async fn when_nobody_knows_what_became_of_a_payment_the_page_says_not_to_pay_again() {
    let world = world().await;
    let router = &world.site.router;
    let phone = world.site.join().unwrap();
    let page = phone.home(router).await.unwrap();
    // The question goes up and its answer never comes down.
    world.site.cable.hold(Way::Down);
    let plan = world.business.plan("One hour");
    let order = phone.order(router, &page, &plan.id, "0764000000");
    let meanwhile = async {
        world.daraja.await_prompt("254764000000").await.unwrap();
        world
            .site
            .agent
            .advance(Duration::from_secs(7))
            .await
            .unwrap();
    };
    let (page, ()) = tokio::join!(order, meanwhile);
    let page = page.unwrap();
    assert!(page.says("Asking M-PESA"), "{}", page.text);
    world
        .site
        .agent
        .advance(Duration::from_secs(31))
        .await
        .unwrap();
    let told = [
        ["We are still waiting for M-PESA", "Do not pay again"],
        ["Bado tunasubiri M-PESA", "Usilipe tena"],
    ];
    reads(&world, &world.site, &phone, told).await;

    world
        .daraja
        .answer("254764000000", &Answer::Accept)
        .unwrap();
    world.site.cable.glitch();
    world.site.cable.mend();
    world
        .until("the agent dials again", async || {
            world.site.agent.advance(Duration::from_secs(5)).await?;
            Ok(phone.online(router).then_some(()))
        })
        .await
        .unwrap();
    world.end().await.unwrap();
}

#[tokio::test]
async fn a_code_that_opens_nothing_says_why_and_what_else_there_is() {
    let world = world().await;
    let router = &world.site.router;
    let config = routeros::Config {
        phones: [127, 90, 0, 0].into(),
        ..Setup::default().router
    };
    let other = world.second_site("Back street", config).await.unwrap();
    let print = async |plan: &str, count: u32| {
        let business = &world.business;
        business
            .print(&world.controller, plan, count, &[])
            .await
            .unwrap()
    };
    let megabytes = print("Ten megabytes", 1).await;
    let dated = print("Until tomorrow", 1).await;
    // In one page with its series, so that the code is never good here.
    world.site.cable.cut();
    let hours = print("One hour", 2).await;
    world
        .controller
        .command(&[
            "series",
            "revoke-ticket",
            "--provider",
            &world.business.provider,
            &hours[1],
        ])
        .await
        .unwrap();
    world.site.cable.mend();
    world
        .until("the site has the codes", async || {
            world.site.agent.advance(Duration::from_secs(2)).await?;
            Ok((world.site.agent.status().await?["codes"] == 4).then_some(()))
        })
        .await
        .unwrap();

    // One is used up, one is past its date.
    let first = world.site.join().unwrap();
    first.redeem(router, &megabytes[0]).await.unwrap();
    first.comes_online(router).await.unwrap();
    router.burst(&first.mac, 1_000_000, 10_000_000).unwrap();
    first.goes_offline(router).await.unwrap();
    let day = Duration::from_secs(25 * 3_600);
    for site in [&world.site, &other] {
        site.cable.cut();
        site.agent.advance(day).await.unwrap();
    }
    world.controller.advance(day).await.unwrap();
    for site in [&world.site, &other] {
        site.cable.mend();
        world
            .until("the agent dials again", async || {
                site.agent.advance(Duration::from_secs(2)).await?;
                Ok((site.agent.status().await?["cloud"] == true).then_some(()))
            })
            .await
            .unwrap();
    }

    let cases: [(&str, &Site, &str, Told); 6] = [
        (
            "wrong",
            &world.site,
            "ZZZZ-ZZZZ",
            [
                ["We do not know this code", "Check each letter and digit"],
                ["Hatuutambui msimbo huu", "Kagua kila herufi"],
            ],
        ),
        (
            "no code at all",
            &world.site,
            "hi",
            [
                ["That is not a whole code", "as on your voucher"],
                ["Huo si msimbo kamili", "kama kwenye vocha"],
            ],
        ),
        (
            "used",
            &world.site,
            &megabytes[0],
            [
                ["This code is used up", "Buy a new voucher"],
                ["Msimbo huu umeisha", "Nunua vocha mpya"],
            ],
        ),
        (
            "expired",
            &world.site,
            &dated[0],
            [
                ["This code has expired", "or buy a new voucher"],
                ["Msimbo huu umepitwa na wakati", "au nunua vocha mpya"],
            ],
        ),
        (
            "taken back",
            &world.site,
            &hours[1],
            [
                ["This code was taken back", "Ask where you got it"],
                ["Msimbo huu umefutwa", "Uliza ulipoupata"],
            ],
        ),
        (
            "for another site",
            &other,
            &hours[0],
            [
                ["This code is for another place", "or buy a voucher here"],
                ["Msimbo huu ni wa mahali pengine", "au nunua vocha hapa"],
            ],
        ),
    ];
    for (what, site, code, told) in cases {
        let phone = site.join().unwrap();
        for (language, words) in LANGUAGES.into_iter().zip(told) {
            let page = phone.open(&site.router, language).await.unwrap();
            let page = phone
                .press(&site.router, &page, "code", &[("code", code)])
                .await
                .unwrap();
            for words in words {
                assert!(page.says(words), "{what}: no {words:?}:\n{}", page.text);
            }
            for form in ["/portal/buy", "/portal/code"] {
                assert!(page.form(form).is_some(), "{what}: no {form}");
            }
        }
        assert!(!phone.online(&site.router), "{what}: the door opened");
    }
    world.end().await.unwrap();
}
