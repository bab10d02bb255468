//! Shares of prompts: what was paid by hand is in none of them, and every business is on some page of the list.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_paid_by_hand_is_money_and_no_prompt_that_was_paid(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    let by_hand = format!(
        "insert into payments (id, provider_id, type, provider_payload, amount, currency, external_txn_id, status, created_at, site_id, plan_id,
                               plan_revision, bought, mac, account_reference, push, settled_at, settled_by, queries)
         select gen_random_uuid(), s.provider_id, 'mpesa_customer_payment', '{{}}', 50, 'KES', 'HAND' || n, 'success', $1, s.id, l.id,
                1, '\\x00', '02:00:00:00:00:99', 'H' || n, 'hand', $1, 'c2b', 0
         from sites s join plans l on l.provider_id = s.provider_id, generate_series(1, 19) n where s.id = '{}'",
        world.shop.site.uuid()
    );
    run(&world, &by_hand).await;
    let page = text(&admin.get("/admin/payments").await.page());
    assert!(page.contains("KSh 950"), "{page}");
    assert!(!page.contains("Business 1"), "nobody was asked: {page}");
    prompt(&world, 1, "1").await;
    let page = text(&admin.get("/admin/payments").await.page());
    for part in ["KSh 950", "Business 1 0.00 % 0.00 % 0 1 0 0"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("95.00 %"), "{page}");
    let business = format!("/admin/providers/{}", world.shop.provider);
    let page = text(&admin.get(&business).await.page());
    let share =
        "Prompts that came to money, 30 days 0.00 % (0.00 % without those whose customer said no)";
    assert!(page.contains(share), "{page}");
    let page = text(&admin.get("/admin").await.page());
    for part in ["0 of 1", "KSh 950 24 hours", "not reached"] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn every_business_that_asked_is_on_a_page(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    for sql in [
        "insert into providers (id, business_name, contact_email, colour, mpesa_callback_path, confirm_by_query, created_at)
         select md5('p' || n)::uuid, 'Number ' || n, 'n@example.com', 0, '/' || n, false, $1 from generate_series(1, 230) n",
        "insert into plans (id, provider_id, revision, name, price, duration_secs, devices, on_sale, position, created_at)
         select md5('l' || n)::uuid, md5('p' || n)::uuid, 1, 'Plan', 50, 3600, 1, true, 1, $1 from generate_series(1, 230) n",
        // Most fail as often as others: their ids tell them apart.
        "insert into payments (id, provider_id, type, provider_payload, amount, currency, status, created_at, plan_id, plan_revision, bought, msisdn,
                               account_reference, secret_hash, push, failure, settled_at, settled_by, queries)
         select gen_random_uuid(), md5('p' || n)::uuid, 'mpesa_customer_payment', '{}', 50, 'KES', 'failed', $1, md5('l' || n)::uuid, 1, '\\x00',
                '254708374149', n || 'X' || k, sha256(convert_to(n || 'X' || k, 'UTF8')), 'accepted', 'cancelled', $1, 'callback', 0
         from generate_series(1, 230) n, generate_series(1, 1 + n % 2) k",
    ] {
        run(&world, sql).await;
    }
    let (mut path, mut seen) = ("/admin/payments?days=7".to_owned(), Vec::new());
    loop {
        let page = admin.get(&path).await.page();
        let names = page.split("\">Number ").skip(1);
        seen.extend(names.map(|rest| rest.split_once('<').unwrap().0.to_owned()));
        let next = "class=\"button\" href=\"/admin/payments?";
        let Some((_, rest)) = page.split_once(next) else {
            break;
        };
        let query = rest.split_once('"').unwrap().0.replace("&amp;", "&");
        path = format!("/admin/payments?{query}");
    }
    assert_eq!(seen.len(), 230);
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 230, "nobody twice");
    let odd = admin.get("/admin/payments?after=x").await;
    assert_eq!(odd.status, StatusCode::NOT_FOUND);
}

/// The list of businesses while the site is there.
async fn list(world: &World, admin: &mut Browser<'_>) -> String {
    run(world, "update agents set last_seen_at = $1").await;
    text(&admin.get("/admin/providers").await.page())
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_list_of_businesses_tells_how_each_does(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    prompt(&world, 1, "0").await;
    prompt(&world, 2, "0").await;
    let page = list(&world, &mut admin).await;
    for part in [
        "Business 1 in business nothing amiss",
        "Sites 1 of 1 up",
        "Prompts that came to money, 7 days 100.00 % (2 of 2)",
        "Last heard of 15 Jan 2027",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for part in ["take no news", "do not balance"] {
        assert!(!page.contains(part), "{part}: {page}");
    }
    prompt(&world, 3, "1").await;
    let page = list(&world, &mut admin).await;
    for part in [
        "Business 1 in business needs somebody",
        "66.66 % (2 of 3)",
        "Sites 1 of 1 up",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // A week later that counts no more.
    world.app.clock.advance(Duration::from_secs(8 * 86_400));
    let mut admin = Browser::new(&world, 251);
    admin.log_in("amina@mnara.example", PASSWORD).await.onward();
    let page = text(&admin.get("/admin/providers").await.page());
    for part in ["needs somebody", "Sites 0 of 1 up"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let page = list(&world, &mut admin).await;
    for part in [
        "nothing amiss",
        "No customer was asked to pay in this time.",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    for (sql, says) in [
        (
            "insert into webhook_endpoints (id, provider_id, url, secret, events, enabled, failing_since, created_at)
             values (gen_random_uuid(), '{}', 'https://shop.example/x', 'x', array['site.up'], true, $1, $1)",
            "Addresses that take no news 1",
        ),
        (
            "insert into ledger_faults (provider_id, day, part, rows_cents, book_cents, rows_count, book_count, found_at)
             values ('{}', 20000, 'paid', 1, 2, 1, 1, $1)",
            "Books do not balance",
        ),
    ] {
        assert!(!list(&world, &mut admin).await.contains(says), "{says}");
        run(
            &world,
            &sql.replace("{}", &world.shop.provider.uuid().to_string()),
        )
        .await;
        let page = list(&world, &mut admin).await;
        assert!(
            page.contains(says) && page.contains("needs somebody"),
            "{says}: {page}"
        );
    }
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_site_that_was_never_set_up_is_not_away(pool: PgPoolOptions, options: PgConnectOptions) {
    let world = World::open(pool, options).await;
    let mut admin = admin(&world).await;
    prompt(&world, 1, "0").await;
    fleet::create::create(&world.app, world.shop.provider, "Stage", Actor::Command)
        .await
        .unwrap();
    let page = list(&world, &mut admin).await;
    assert!(
        page.contains("Business 1 in business nothing amiss"),
        "{page}"
    );
    let page = admin.get("/admin/providers").await.page();
    assert!(
        page.contains("<span class=\"good\">1 of 2 up</span>"),
        "{page}"
    );
}
