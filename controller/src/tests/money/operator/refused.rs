//! What was refused on a payment's page and in the queue.

use super::*;
use crate::payments::unmatched::take::take;
use crate::payments::unmatched::{Arrived, Reason};
use crate::rails::daraja::callback::Payer;

/// The form that sends to a path, and whether what it is folded into is open.
fn folded<'a>(page: &'a str, action: &str) -> (bool, &'a str) {
    let action = format!("action=\"{action}\"");
    let (before, form) = page.split_once(&action).unwrap();
    let (_, fold) = before.rsplit_once("<details").unwrap();
    let (form, _) = form.split_once("</form>").unwrap();
    (fold.starts_with(" open>"), form)
}

#[sqlx::test(migrations = "../migrations/controller")]
async fn what_was_refused_is_open_again_with_what_was_typed_and_nothing_else_is(
    pool: PgPoolOptions,
    options: PgConnectOptions,
) {
    let world = World::open(pool, options).await;
    let paid = sold(&world, 1, PHONE, "NLJ7RT61SV").await;
    let mut owner = proven(&world).await;
    let arrived = Arrived {
        reason: Reason::Nobody,
        amount: Money::from_shillings(50),
        receipt: "AAAAAAAA01".to_owned(),
        payer: Payer::Masked {
            head: "2547".to_owned(),
            tail: "149".to_owned(),
        },
        reference: Some("MAMA".to_owned()),
        payment: None,
        site: None,
        at: world.app.clock.now(),
        paid_at: world.app.clock.now(),
    };
    let mut tx = world.app.db.tenant(world.shop.provider).await.unwrap();
    take(&world.app, &mut tx, world.shop.provider, &arrived)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let sql = "select 'unm_' || replace(id::text, '-', '') from unmatched";
    let queued: String = read(&world.app, sql).await;
    let queued = format!("/payments/unmatched/{queued}");
    let paid = format!("/payments/{paid}");
    // Longer than a reason may be.
    let long = "x".repeat(201);
    let long = long.as_str();
    let acts = [
        ("reverse", vec![("reason", long)], long),
        (
            "refund",
            vec![("amount", "7"), ("receipt", "no"), ("reason", long)],
            long,
        ),
        ("credit", vec![("phone", "12")], "value=\"12\""),
    ];
    for (page, acts) in [(&paid, &acts[..2]), (&queued, &acts[..])] {
        for (act, form, typed) in acts {
            let got = owner.post(&format!("{page}/{act}"), form).await;
            assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{act}");
            for (other, ..) in acts {
                let (is_open, form) = folded(&got.text, &format!("{page}/{other}"));
                assert_eq!(is_open, act == other, "{act}, {other}: {}", got.text);
                assert_eq!(form.contains(*typed), act == other, "{act}: {form}");
            }
        }
    }
    // A receipt that is asked about is typed once as well.
    let form = [("receipt", "x")];
    let got = owner.post("/payments/unmatched/receipts", &form).await;
    assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(got.text.contains("value=\"x\""), "{}", got.text);
    assert!(!got.text.contains("<details open"), "{}", got.text);
}
