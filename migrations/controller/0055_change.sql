-- A change of plan at once between any two plans: what is left becomes money, and with what is paid that becomes time on the new plan.

alter table platform_orders
    -- The plan begins anew with the payment, instead of taking the place of the one before for the time that is left.
    add column begins_anew boolean not null default false,
    add check (not begins_anew or (is_upgrade and upgrade_until is null));

alter table subscription_entries
    -- How much was paid for the change beside what was left, in cents of its plan's currency.
    add column added_cents bigint check (added_cents >= 0),
    drop constraint subscription_entries_what_check,
    add constraint subscription_entries_what_check check (what in ('trial', 'paid', 'upgraded', 'changed', 'reversed')),
    add check ((what = 'changed') = (added_cents is not null));

-- Neither a trial nor a change for which what was left was enough has an order.
do $$
declare name text;
begin
    select conname into strict name from pg_constraint
    where conrelid = 'subscription_entries'::regclass and contype = 'c' and pg_get_constraintdef(oid) like '%order_id IS NULL%';
    execute format('alter table subscription_entries drop constraint %I', name);
end $$;
alter table subscription_entries
    add check (case what when 'trial' then order_id is null when 'changed' then (order_id is null) = (added_cents = 0) else order_id is not null end);
