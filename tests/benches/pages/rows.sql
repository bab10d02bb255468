set session_replication_role = replica;
set synchronous_commit = off;
create temp table made as
select p.provider, p.place, n, gen_random_uuid() as payment, gen_random_uuid() as ticket, l.id as plan, l.name, l.price, s.id as site,
    now() - ((n * 31557600.0 / {payments})::bigint) * interval '1 s' as at,
    -- Three in a hundred come to nothing.
    n % 33 = 0 as is_failed
from ({providers}) p cross join generate_series(1, {payments}) n
cross join lateral (select id, name, price from plans where provider_id = p.provider order by id offset n % (select count(*) from plans where provider_id = p.provider) limit 1) l
cross join lateral (select id from sites where provider_id = p.provider order by id offset n % (select count(*) from sites where provider_id = p.provider) limit 1) s;
insert into payments (id, provider_id, type, provider_payload, amount, currency, external_txn_id, status, created_at, site_id, plan_id,
    plan_revision, bought, msisdn, account_reference, secret_hash, push, settled_at, settled_by, queries, failure, result_code)
select payment, provider, 'mpesa_customer_payment', '{}', price, 'KES', case when not is_failed then 'R' || place || 'X' || n end,
    case when is_failed then 'failed' else 'success' end, at, site, plan, 1, '\x00',
    '254' || (700000000 + n % 1000), place || 'X' || n, sha256(convert_to(place || 'X' || n, 'UTF8')), 'accepted', at + interval '20 s', 'callback', 0,
    case when is_failed then 'cancelled' end, case when is_failed then '1032' end
from made;
insert into tickets (id, provider_id, code, username, password, plan_type, price, status, created_at, plan_id, plan_name, duration_secs, devices,
    extra_secs, payment_id, sold_at_site_id, redeemed_at, redeemed_site_id, started_at, expires_at, ended_at, end_reason, online_used_secs,
    bytes_up, bytes_down)
select ticket, provider, upper(left(replace(ticket::text, '-', ''), 16)), 'u', 'p', 'time', price, 'used', at, plan, name, 3600, 1,
    0, payment, site, at, site, at, ends, case when n > {running} then ends end, case when n > {running} then 'duration' end, 3600,
    1000000, 9000000
from made cross join lateral (select case when n > {running} then at + interval '1 hour' else now() + interval '1 day' end as ends) e
where not is_failed;
insert into grants (provider_id, ticket_id, mac, site_id, step, ordered_at, confirmed_at, ended_at)
select provider, ticket, '02:00:00:00:00:01', site, case when n > {running} then 'ended' else 'confirmed' end, at, at,
    case when n > {running} then at + interval '1 hour' end
from made where not is_failed;
insert into sessions (id, provider_id, site_id, ticket_id, plan_id, mac, began_at, read_at, ended_at, online_secs, bytes_up, bytes_down)
select gen_random_uuid(), provider, site, ticket, plan, '02:00:00:00:00:01', at + k * interval '10 m', at + k * interval '10 m', at + k * interval '10 m', 600, 1000000, 9000000
from made cross join generate_series(1, {sessions}) k where not is_failed;
drop table made;
