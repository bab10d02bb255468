-- What a business gives away to try: its settings, and the tickets that sites make of it.

alter table portal_looks
    add column trial_on boolean not null default false,
    add column trial_minutes integer not null default 15 check (trial_minutes between 5 and 240),
    -- Megabytes of a million bytes; none for as much as the time allows.
    add column trial_data_mb integer check (trial_data_mb between 1 and 100000),
    -- Megabits per second, both ways; none for no limit.
    add column trial_mbps integer check (trial_mbps between 1 and 1000),
    -- The same device again after so many days.
    add column trial_days integer not null default 7 check (trial_days between 1 and 60),
    -- So many on one day at one site.
    add column trial_a_day integer not null default 50 check (trial_a_day between 1 and 200);

-- A ticket that a site gave away was made from no plan, and names the device that took it.
alter table tickets
    alter column plan_id drop not null,
    add column tried_by macaddr,
    add constraint tickets_tried check ((plan_id is null) = (tried_by is not null)),
    add constraint tickets_tried_for_nothing check (tried_by is null or (price = 0 and payment_id is null and series_id is null));
alter table sessions alter column plan_id drop not null;

-- As before, with what tells trials from vouchers, so that a report still reads this index alone.
drop index tickets_redeemed;
create index tickets_redeemed on tickets (provider_id, redeemed_at) include (redeemed_site_id, plan_id, payment_id, series_id, price, tried_by)
    where redeemed_at is not null;
