-- Money that went back at M-PESA itself: what a question about its receipt found, and its line of the books.

-- reversed: M-PESA says that it went back; whether the books say so as well is is_booked.
alter table mpesa_requests
    drop constraint mpesa_requests_found_check,
    add constraint mpesa_requests_found_check check (found in ('payment', 'queue', 'known', 'other', 'not-completed', 'reversed'));

-- What went back has its line already, at M-PESA itself with a cause of its own, and is not written again.
create or replace function ledger_open(provider uuid) returns void language sql as $$
    insert into ledger (id, provider_id, cause, payment_id, turn, debit, credit, cents, currency, receipt, site_id, at)
    select gen_random_uuid(), p.provider_id, case p.type when 'mpesa_account_test' then 'test' else 'paid' end, p.id, 0, 'till',
           case p.type when 'mpesa_account_test' then 'own' else 'tickets' end, (p.amount * 100)::bigint, p.currency, p.external_txn_id, p.site_id, p.settled_at
    from payments p
    where p.provider_id = provider and p.status = 'success' and p.type in ('mpesa_customer_payment', 'mpesa_account_test')
    on conflict do nothing;
    insert into ledger (id, provider_id, cause, payment_id, turn, debit, credit, cents, currency, receipt, site_id, at)
    select gen_random_uuid(), r.provider_id, 'refund', r.payment_id, r.turn,
           case p.type when 'mpesa_account_test' then 'own' else 'tickets' end, 'refunded', (r.amount * 100)::bigint, p.currency, r.receipt, p.site_id, r.created_at
    from (select *, row_number() over (partition by payment_id order by created_at, id) - 1 as turn from refunds where provider_id = provider) r
    join payments p on p.provider_id = r.provider_id and p.id = r.payment_id
    where not exists (select from ledger l where l.provider_id = r.provider_id and l.payment_id = r.payment_id and l.cause in ('refund', 'reversal') and l.receipt = r.receipt)
    on conflict do nothing;
$$;
