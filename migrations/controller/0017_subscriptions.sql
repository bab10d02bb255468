-- What businesses pay the platform: what is sold to them, the orders at Pesapal, and the book of what each has paid for.

-- What the platform sells to businesses, as its admins set it.
create table platform_plans (
    id uuid primary key,
    name text not null check (length(name) between 1 and 60),
    period text not null check (period in ('month', 'year')),
    price_cents bigint not null check (price_cents between 0 and 1000000000),
    currency text not null check (currency in ('KES', 'USD')),
    -- How many sites a business may have; none for as many as it likes.
    most_sites integer check (most_sites > 0),
    features text[] not null check (features <@ array['advanced-analytics', 'api-access', 'webhooks', 'custom-portal']),
    -- What a business that never subscribed may have for nothing.
    trial_days integer not null check (trial_days between 0 and 365),
    is_offered boolean not null,
    created_at timestamptz not null,
    changed_at timestamptz not null
);
create index platform_plans_listed on platform_plans (created_at, id);

-- How a business stands. `paid_until` is what its book comes to, and moves in the transaction that writes a line there.
create table subscriptions (
    provider_id uuid primary key references providers,
    -- The plan of the last term that is paid for: the next payment is for it too, unless somebody chooses another.
    plan_id uuid references platform_plans,
    paid_until timestamptz,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    check ((plan_id is null) = (paid_until is null))
);

-- An order is written before it is handed in. Its reference is refused by the rail a second time, and the rail finds nothing by it, so an order
-- whose answer was lost is followed by another one for the same attempt.
create table platform_orders (
    id uuid primary key,
    provider_id uuid not null references providers,
    -- Made with the form: the same form sent twice is one order.
    attempt_id uuid not null,
    -- Whether it is its attempt's order still.
    is_current boolean not null,
    plan_id uuid not null references platform_plans,
    -- Paid by somebody on the rail's page, or charged to their card by itself later.
    kind text not null check (kind in ('once', 'recurring')),
    reference text not null unique check (reference ~ '^[A-Za-z0-9_.:-]{1,50}$'),
    -- With what a card is charged by itself: named by the order that began it, and by every charge after it.
    account text check (account ~ '^[A-Za-z0-9_.:-]{1,50}$'),
    amount_cents bigint not null check (amount_cents > 0),
    currency text not null check (currency in ('KES', 'USD')),
    state text not null check (state in ('created', 'submitted', 'lost', 'refused', 'completed', 'failed', 'expired', 'reversed')),
    -- The rail's name for it.
    tracking_id uuid unique,
    redirect_url text check (length(redirect_url) <= 2000),
    confirmation_code text check (length(confirmation_code) <= 100),
    payment_method text check (length(payment_method) <= 100),
    -- With what it was paid, masked by the rail.
    payer text check (length(payer) <= 100),
    -- Something a person should look at, in one word (reference, amount, currency, contrary, code).
    flag text,
    -- How often the rail was asked.
    asked integer not null check (asked >= 0),
    created_at timestamptz not null,
    -- When it is no longer waited for; money that comes later is honoured all the same.
    expires_at timestamptz not null,
    settled_at timestamptz,
    unique (provider_id, id),
    check (kind = 'once' or (account is not null and tracking_id is not null)),
    check (state not in ('submitted', 'completed', 'failed', 'reversed') or tracking_id is not null),
    check ((settled_at is not null) = (state in ('completed', 'reversed')))
);
create unique index platform_orders_attempt on platform_orders (provider_id, attempt_id) where is_current;
create index platform_orders_provider on platform_orders (provider_id, created_at, id);
create index platform_orders_account on platform_orders (account, created_at) where kind = 'once';

-- What the rail and we said to each other about an order, without whose telephone it was.
create table platform_order_messages (
    id uuid primary key,
    provider_id uuid not null,
    order_id uuid not null,
    kind text not null check (kind in ('submit', 'submit-answer', 'notice', 'return', 'status', 'status-answer')),
    at timestamptz not null,
    body text not null check (length(body) <= 16384),
    foreign key (provider_id, order_id) references platform_orders (provider_id, id)
);
create index platform_order_messages_order on platform_order_messages (provider_id, order_id, at, id);

-- The book of a subscription: lines are added and never changed, and what is paid for is computed from all of them.
create table subscription_entries (
    id uuid primary key,
    provider_id uuid not null references providers,
    -- Counted from one, so that two lines written at once stand in each other's way.
    number integer not null check (number > 0),
    what text not null check (what in ('trial', 'paid', 'reversed')),
    plan_id uuid not null references platform_plans,
    period text check (period in ('month', 'year')),
    days integer check (days > 0),
    order_id uuid,
    at timestamptz not null,
    -- Until when was paid for before it and after it.
    from_at timestamptz,
    until_at timestamptz,
    unique (provider_id, number),
    -- An order extends once and is undone once.
    unique (order_id, what),
    foreign key (provider_id, order_id) references platform_orders (provider_id, id),
    check ((what = 'trial') = (days is not null)),
    check ((what = 'trial') = (order_id is null)),
    check ((what = 'paid') = (period is not null))
);
create unique index subscription_entries_trial on subscription_entries (provider_id) where what = 'trial';

-- The rail's names for our addresses, by the account's base and the address: registered once each.
create table pesapal_addresses (
    base text not null,
    url text not null,
    ipn_id uuid not null,
    registered_at timestamptz not null,
    primary key (base, url)
);

do $$
declare name text;
begin
    foreach name in array array['subscriptions', 'platform_orders', 'platform_order_messages', 'subscription_entries']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy tenancy on %I using (provider_id = tenant() or scope() = ''platform'')', name);
    end loop;
    foreach name in array array['platform_plans', 'pesapal_addresses']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
    end loop;
end $$;

-- What is sold is no secret, and only the platform sets it.
create policy platform on platform_plans using (scope() = 'platform');
create policy offered on platform_plans for select using (true);
-- Whoever orders first registers our address, for everybody.
create policy everybody on pesapal_addresses using (true);

grant select, insert, update on platform_plans, subscriptions, platform_orders to mnara_app;
grant select, insert on platform_order_messages, subscription_entries to mnara_app;
grant select, insert, delete on pesapal_addresses to mnara_app;
