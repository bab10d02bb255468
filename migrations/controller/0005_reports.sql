-- Reports and home: what the questions about a stretch of time are answered from. Each index holds all that its question reads, so that a
-- month of one business is one walk through neighbouring entries, however much others have.

-- Whose plan a session was on, so that usage by plan needs no look at each ticket.
alter table sessions add column plan_id uuid not null;
alter table sessions add foreign key (provider_id, plan_id) references plans (provider_id, id);

create index payments_paid on payments (provider_id, settled_at) include (site_id, plan_id, amount)
    where status = 'success' and type = 'mpesa_customer_payment';
create index tickets_redeemed on tickets (provider_id, redeemed_at) include (redeemed_site_id, plan_id, payment_id, series_id, price)
    where redeemed_at is not null;
create index sessions_began on sessions (provider_id, began_at) include (site_id, plan_id, online_secs, bytes_up, bytes_down);
create index series_provider on series (provider_id, created_at) include (home_site_id, plan_id, count);

-- What needs somebody's attention: few rows at any time.
create index payments_pending on payments (provider_id, created_at) where status = 'pending';
create index tickets_unconfirmed on tickets (provider_id, created_at) where payment_id is not null and started_at is null;
create index tickets_unused on tickets (series_id) where series_id is not null and redeemed_at is null;
