//! Money and tickets that cannot be.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn the_database_refuses_money_and_tickets_that_cannot_be(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    fill(&world).await;
    let other = business(&world.app, 2).await;
    let copy = |set: &str| {
        // A copy of the paid ticket that differs only as said.
        format!(
            "insert into tickets select (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid(), 'code', 'AAAABBBBCCCC', 'payment_id', null) || {set})).*
             from tickets t where payment_id is not null limit 1"
        )
    };
    let (theirs, plan, site) = (
        other.provider.uuid(),
        other.plan.id.uuid(),
        other.site.uuid(),
    );
    for (sql, refusal) in [
        (
            copy("jsonb_build_object('payment_id', t.payment_id)"),
            "tickets_payment_id_key",
        ),
        (
            copy("jsonb_build_object('code', t.code)"),
            "tickets_provider_id_code_key",
        ),
        (
            copy(&format!(
                "jsonb_build_object('code', t.code, 'provider_id', '{theirs}', 'plan_id', '{plan}')"
            )),
            "tickets_platform_code",
        ),
        (copy("'{\"code\": \"short\"}'"), "tickets_code_check"),
        (copy("'{\"price\": -1}'"), "tickets_price_check"),
        (copy("'{\"status\": \"free\"}'"), "tickets_status_check"),
        (
            copy("'{\"status\": \"used\", \"redeemed_at\": null}'"),
            "tickets_check1",
        ),
        (
            copy(&format!("jsonb_build_object('plan_id', '{plan}')")),
            "tickets_provider_id_plan_id_fkey",
        ),
        (
            copy("jsonb_build_object('series_id', gen_random_uuid())"),
            "tickets_check",
        ),
        (
            "update payments set amount = -50".to_owned(),
            "payments_amount_check",
        ),
        (
            "update payments set amount = 50.50".to_owned(),
            "payments_check2",
        ),
        (
            "update payments set currency = 'USD'".to_owned(),
            "payments_currency_check",
        ),
        (
            "update payments set status = 'pending'".to_owned(),
            "payments_check",
        ),
        (
            "update payments set push = 'created'".to_owned(),
            "payments_check3",
        ),
        (
            "update payments set msisdn = null".to_owned(),
            "payments_sale",
        ),
        (
            "update payments set msisdn = '0712345678'".to_owned(),
            "payments_msisdn_check",
        ),
        (
            "update tickets set online_used_secs = -1".to_owned(),
            "tickets_online_used_secs_check",
        ),
        (
            "update sites set feed_revision = -1".to_owned(),
            "sites_feed_revision_check",
        ),
        (
            "update providers set mpesa_passkey = null where mpesa_passkey is not null".to_owned(),
            "providers_check1",
        ),
        (
            "update payments set external_txn_id = null, settled_by = 'c2b' where status = 'success'".to_owned(),
            "payments_proof",
        ),
        (
            "update payments set settled_by = null where status = 'success'".to_owned(),
            "payments_proof",
        ),
        (
            "update payments set failure = 'busy' where status = 'success'".to_owned(),
            "payments_failure",
        ),
        (
            "update payments set looked_at = created_at".to_owned(),
            "payments_looked",
        ),
        (
            "update payments set account_reference = 'MAMA MBOGA'".to_owned(),
            "payments_account_reference_check",
        ),
        (
            copy(&format!("jsonb_build_object('sold_at_site_id', '{site}')")),
            "tickets_provider_id_sold_at_site_id_fkey",
        ),
        (
            copy(&format!("jsonb_build_object('redeemed_site_id', '{site}')")),
            "tickets_provider_id_redeemed_site_id_fkey",
        ),
        (
            "update plans set price = -1".to_owned(),
            "plans_price_check",
        ),
        (
            "update series set count = 0".to_owned(),
            "series_count_check",
        ),
        (
            "update platform_orders set amount_cents = -1".to_owned(),
            "platform_orders_amount_cents_check",
        ),
        ("delete from payments".to_owned(), "42501"),
        ("delete from tickets".to_owned(), "42501"),
        ("truncate payments".to_owned(), "42501"),
        (
            "alter table payments disable row level security".to_owned(),
            "42501",
        ),
    ] {
        assert_eq!(refused(&world, &sql).await, refusal, "{sql}");
    }
    let second = begin(&world.app, other.provider, other.ask(2, "254708374152"))
        .await
        .unwrap();
    let receipt = format!(
        "update payments set external_txn_id = 'NLJ7RT61SV' where id = '{}'",
        second.payment.uuid()
    );
    assert_eq!(refused(&world, &receipt).await, "payments_receipt");
    let ids = format!(
        "update payments p set checkout_request_id = o.checkout_request_id from payments o where p.id = '{}' and o.external_txn_id = 'NLJ7RT61SV'",
        second.payment.uuid()
    );
    assert_eq!(refused(&world, &ids).await, "payments_checkout");
}
