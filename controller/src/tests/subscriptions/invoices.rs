//! Invoices on paper.

use super::*;
use crate::pdf::tests::streams;
use crate::subscriptions::store::invoices::set_issuer;

/// Says who issues invoices from now on.
async fn issue_as(world: &World, issuer: &str) {
    let mut tx = world.app.db.platform(Reason::Admin).await.unwrap();
    set_issuer(&mut tx, issuer, world.app.clock.now())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// What an invoice of the business says.
async fn said(browser: &mut Browser<'_>, number: i64) -> String {
    let path = format!("/settings/subscription/invoices/{number}/pdf");
    let request = Request::get(path).body(Body::empty());
    let pdf = browser.open(request.unwrap()).await;
    assert_eq!(pdf.status(), StatusCode::OK);
    let pdf = axum::body::to_bytes(pdf.into_body(), 1 << 20).await;
    streams(&pdf.unwrap()).concat()
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn an_invoice_keeps_who_issued_it(pool: PgPoolOptions, options: PgConnectOptions) {
    let (rail, world) = Rail::world(pool, options).await;
    let (plan, key) = (plan(&world, 1_500).await, payer(&world).await);
    let mut owner = member(&world, Role::Owner, 1).await;
    let pay = async |n| {
        let order = made(&world, &key, &plan, n).await;
        rail.say(&order, 1);
        tell(&world, &order).await;
    };
    // Before anybody said who issues them.
    pay(1).await;
    assert!(!said(&mut owner, 1).await.contains("Ltd"));
    issue_as(&world, "Old Ltd\nP051234567X").await;
    pay(2).await;
    let paper = said(&mut owner, 2).await;
    assert!(
        paper.contains("(Old Ltd) Tj") && paper.contains("(P051234567X) Tj"),
        "{paper}"
    );
    issue_as(&world, "New Ltd").await;
    pay(3).await;
    assert!(said(&mut owner, 2).await.contains("(Old Ltd) Tj"));
    // What was issued with nothing above it has what stands there today.
    for number in [1, 3] {
        let paper = said(&mut owner, number).await;
        assert!(paper.contains("(New Ltd) Tj"), "{number}: {paper}");
        assert!(!paper.contains("Old Ltd"), "{number}: {paper}");
    }
}
