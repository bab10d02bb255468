//! All SQL of what comes in on a number into which several businesses are paid: M-PESA tells one of them of all of it.

use std::collections::BTreeMap;

use mnara_protocol::clock::Timestamp;
use mnara_protocol::ids::{PaymentId, ProviderId};
use sqlx::PgConnection;

use crate::db::{At, RowId as _};
use crate::payments::DELIVERED_WITHIN;
use crate::rails::daraja::callback::C2b;

/// How told money stands to a prompt of another business that is paid into the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anothers {
    /// It is that prompt's, which has its receipt.
    Named,
    /// It is that prompt's, which was paid and of which no receipt is known.
    Unnamed(ProviderId, PaymentId),
    /// It is that prompt's if that was paid, and its end is still to come.
    Open,
}

/// Finds the prompts of other businesses that told money was asked for by: pushed to the number it came to, for as much. By the place among what is
/// told. Needs the platform's door.
///
/// An account that is told has to be the prompt's, which we drew and no other has, and its receipt no other: so whoever names a receipt takes no
/// money out of anybody's sight. Where none is told there is the receipt alone.
///
/// # Errors
/// When the database is away.
pub async fn anothers(
    conn: &mut PgConnection,
    provider: ProviderId,
    told: &[C2b],
    now: Timestamp,
) -> sqlx::Result<BTreeMap<usize, Anothers>> {
    let account = |one: &C2b| one.reference.clone().filter(|_| !one.names_none());
    let accounts: Vec<String> = told
        .iter()
        .map(|one| account(one).unwrap_or_default())
        .collect();
    let receipts: Vec<String> = told.iter().map(|one| one.receipt.clone()).collect();
    let numbers: Vec<String> = told.iter().map(|one| one.shortcode.clone()).collect();
    let amounts: Vec<i64> = told.iter().map(|one| one.amount.cents()).collect();
    // Each is looked up by itself, by what alone can be its: the limit keeps PostgreSQL from moving the conditions in there, which may not be asked along
    // an index before the policies were, and it would read all payments for each.
    let rows = sqlx::query!(
        r#"select t.place as "place!", p.provider_id as "provider_id!", p.id as "id!", p.external_txn_id is not null as "is_named!",
                  p.status = 'success' as "is_paid!"
           from unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) with ordinality as t (account, receipt, number, cents, place)
           cross join lateral (
             select r.* from payments r where r.account_reference = t.account
             union all
             select r.* from payments r where t.account = '' and r.external_txn_id = t.receipt
             limit 1) p
           where p.provider_id <> $1 and p.type in ('mpesa_customer_payment', 'mpesa_account_test') and p.push <> 'hand'
             and p.amount * 100 = t.cents
             and (p.external_txn_id = t.receipt
                  or (p.external_txn_id is null
                      and (p.status = 'success'
                           or (p.created_at > $6 and (p.status = 'pending' or p.failure in ('no-answer', 'expired'))))))
             and p.account_id in (select a.mpesa_account_id from providers a
                                  where a.id = p.provider_id and (a.mpesa_shortcode = t.number or a.mpesa_till_number = t.number)
                                  union all
                                  select a.id from mpesa_accounts a
                                  where a.provider_id = p.provider_id and (a.shortcode = t.number or a.till_number = t.number))"#,
        provider.uuid(),
        &accounts,
        &receipts,
        &numbers,
        &amounts,
        // One that ended so is asked about for as long.
        At(now - DELIVERED_WITHIN) as At,
    )
    .fetch_all(conn)
    .await?;
    let found = rows.into_iter().filter_map(|row| {
        let found = match (row.is_named, row.is_paid) {
            (true, _) => Anothers::Named,
            (false, true) => Anothers::Unnamed(
                ProviderId::from_uuid(row.provider_id),
                PaymentId::from_uuid(row.id),
            ),
            (false, false) => Anothers::Open,
        };
        Some((usize::try_from(row.place - 1).ok()?, found))
    });
    Ok(found.collect())
}

/// The one other business that is paid into a number and has given a device's code; none while the business that was told has given it. Needs the
/// platform's door.
///
/// Its addresses for that number were registered once, which M-PESA does for nobody but whose number it is. So were those of the business that was
/// told, and by us: what is heard proves nothing of whoever has the secret, which its owner can read at M-PESA.
///
/// # Errors
/// When the database is away.
pub async fn neighbour(
    conn: &mut PgConnection,
    provider: ProviderId,
    code: &str,
    number: &str,
) -> sqlx::Result<Option<ProviderId>> {
    let found = sqlx::query_scalar!(
        "select h.provider_id from hand_codes h
         where h.code = $2
           and h.provider_id in (select p.id from providers p join c2b_registrations r on r.provider_id = p.id and r.shortcode = p.mpesa_shortcode
                                 where p.id <> $1 and (p.mpesa_shortcode = $3 or p.mpesa_till_number = $3)
                                   and (r.state = 'done' or r.heard_at is not null))
           and not exists (select from hand_codes o where o.provider_id = $1 and o.code = $2)
           and exists (select from c2b_registrations t where t.provider_id = $1 and t.shortcode = $3 and t.state = 'done')
         limit 2",
        provider.uuid(),
        code,
        number,
    )
    .fetch_all(conn)
    .await?;
    Ok(match found.as_slice() {
        [one] => Some(ProviderId::from_uuid(*one)),
        _ => None,
    })
}
