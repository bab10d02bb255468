//! Ids of others, asked for by name.

use super::*;

#[sqlx::test(migrations = "../migrations/controller")]
async fn a_provider_finds_nothing_of_its_neighbours_by_any_id(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    fill(&world).await;
    let other = business(&world.app, 2).await;
    let app = &world.app;
    let code: String = read(
        app,
        "select code from tickets where payment_id is not null limit 1",
    )
    .await;
    let code = mnara_protocol::ticket::code::TicketCode::parse(&code).unwrap();
    let payment: sqlx::types::Uuid = read(app, "select id from payments limit 1").await;
    let payment = PaymentId::from_uuid(payment);
    let now = app.clock.now();
    // The provider named in the query is the neighbour's; the tenant of the transaction hides the rows all the same.
    for provider in [other.provider, world.shop.provider] {
        let mut tx = app.db.tenant(other.provider).await.unwrap();
        assert!(
            crate::tickets::store::by_code(&mut tx, provider, &code, now)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            payments::store::lock(&mut tx, provider, payment)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            plans::store::plan(&mut tx, provider, world.shop.plan.id)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            fleet::store::site(&mut tx, provider, world.shop.site)
                .await
                .unwrap()
                .is_none()
        );
        let sites = fleet::store::sites(&mut tx, world.shop.provider, None, 10)
            .await
            .unwrap();
        assert!(sites.is_empty());
    }
    // And with the right to see all, the query parameter alone keeps them apart.
    let mut tx = app.db.platform(Reason::Admin).await.unwrap();
    assert!(
        crate::tickets::store::by_code(&mut tx, other.provider, &code, now)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        payments::store::lock(&mut tx, other.provider, payment)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        plans::store::plan(&mut tx, other.provider, world.shop.plan.id)
            .await
            .unwrap()
            .is_none()
    );
    drop(tx);
    assert!(
        crate::tickets::revoke::ticket(app, other.provider, &code, Actor::Command)
            .await
            .is_err()
    );
    assert!(
        plans::edit::change(
            app,
            other.provider,
            world.shop.plan.id,
            &hour(),
            Actor::Command
        )
        .await
        .is_err()
    );
    assert!(
        fleet::enrol::claim(app, other.provider, world.shop.site, Actor::Command)
            .await
            .is_err()
    );
    fleet::create::let_go(app, other.provider, world.shop.site, Actor::Command)
        .await
        .unwrap();
    assert_eq!(world.count("agents where revoked_at is not null").await, 0);
}
