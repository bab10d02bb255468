-- What a business may do with what it has paid for, what it was reminded of, and what becomes of orders after they are paid.

-- The book of 0017 says all of it.
drop table provider_subscriptions;

-- What the gates and whoever sells read of a subscription. It moves in the transaction that moves the book, and holds the moments at which
-- something closes, so that nothing has to happen then for it to be closed. A business without a row may do everything.
create table provider_rights (
    provider_id uuid primary key references providers,
    -- Until when it has paid.
    due_at timestamptz,
    -- From when on nothing new is sold and only what is needed to pay opens; none for a business that is never closed.
    restricted_from timestamptz,
    -- None for all of them.
    features text[] check (features <@ array['advanced-analytics', 'api-access', 'webhooks', 'custom-portal']),
    -- None for any number.
    most_sites integer check (most_sites > 0),
    changed_at timestamptz not null
);

alter table subscriptions
    -- How it stood when somebody looked last: what has to be told is what changed since.
    add column stage text not null default 'none' check (stage in ('none', 'trial', 'active', 'grace', 'restricted')),
    -- Since when it is asked to pay; none while the platform asks nobody.
    add column asked_at timestamptz,
    -- When to look again; none for never.
    add column look_at timestamptz;
create index subscriptions_look on subscriptions (look_at);

-- Each is told once for a period: the row is written in the transaction that writes the letters.
create table subscription_reminders (
    provider_id uuid not null references providers,
    kind text not null check (kind in ('soon-7', 'soon-3', 'soon-1', 'due', 'grace', 'restricted', 'restored')),
    -- When the period ends or ended.
    period timestamptz not null,
    at timestamptz not null,
    primary key (provider_id, kind, period)
);

alter table platform_plans
    -- A plan that was changed is another plan: what was bought stays as it was bought.
    add column replaces uuid references platform_plans;

alter table platform_orders
    -- Pays the difference to a better plan for the time that is left, and adds no time.
    add column is_upgrade boolean not null default false,
    -- What the rail says was paid, where that is not what was asked.
    add column paid_cents bigint check (paid_cents >= 0),
    add column paid_currency text check (length(paid_currency) <= 10),
    -- Money that should go back: asked is written before the rail is asked, and it is back once the order is reversed.
    add column refund text check (refund in ('asked', 'taken', 'refused', 'lost')),
    add column refund_at timestamptz,
    -- What somebody of the platform made of an order that was flagged.
    add column resolution text check (resolution in ('extended', 'refunded', 'kept')),
    add column resolved_at timestamptz,
    add check (flag in ('reference', 'amount', 'currency', 'contrary', 'code', 'double', 'late')),
    add check ((refund is null) = (refund_at is null)),
    add check ((resolution is null) = (resolved_at is null));
create index platform_orders_flagged on platform_orders (created_at, id) where flag is not null and resolved_at is null;

alter table subscription_entries drop constraint subscription_entries_what_check;
alter table subscription_entries add constraint subscription_entries_what_check check (what in ('trial', 'paid', 'upgraded', 'reversed'));
create index subscription_entries_at on subscription_entries (at, id);

-- Numbers without a gap: the row is held until the transaction that takes one is over.
create table platform_numbers (
    name text primary key,
    last bigint not null check (last >= 0)
);

-- What was paid, as it was on the day: written once, with the line of the book.
create table platform_invoices (
    number bigint primary key check (number > 0),
    provider_id uuid not null references providers,
    order_id uuid not null unique,
    issued_at timestamptz not null,
    business text not null,
    contact text,
    plan text not null,
    is_upgrade boolean not null,
    amount_cents bigint not null check (amount_cents > 0),
    currency text not null check (currency in ('KES', 'USD')),
    -- What it pays for.
    from_at timestamptz not null,
    until_at timestamptz not null,
    foreign key (provider_id, order_id) references platform_orders (provider_id, id)
);
create index platform_invoices_provider on platform_invoices (provider_id, number);

do $$
declare name text;
begin
    foreach name in array array['provider_rights', 'subscription_reminders', 'platform_invoices']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy tenancy on %I using (provider_id = tenant() or scope() = ''platform'')', name);
    end loop;
end $$;
alter table platform_numbers enable row level security;
alter table platform_numbers force row level security;
-- Whoever pays takes the next number.
create policy everybody on platform_numbers using (true);

grant select, insert, update on provider_rights, platform_numbers to mnara_app;
grant select, insert on subscription_reminders, platform_invoices to mnara_app;
