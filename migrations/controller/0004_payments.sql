-- Payments as people work with them: which M-PESA account each was pushed with, what was said about it, who the customers are.

-- Accounts -------------------------------------------------------------------------------------------------------------------------

-- The set in use stands in `providers`; this is its id. Sets that are to be used, and those that were, stand here, sealed alike: what was
-- pushed with one is asked about with the same one.
create table mpesa_accounts (
    id uuid primary key,
    provider_id uuid not null references providers,
    shortcode text not null check (shortcode ~ '^[0-9]{5,7}$'),
    kind text not null check (kind in ('paybill', 'till')),
    till_number text check (till_number ~ '^[0-9]{5,8}$'),
    consumer_key text not null,
    consumer_secret text not null,
    passkey text not null,
    -- Whether customers ever paid into it; one that was only tried out never did.
    was_used boolean not null,
    created_at timestamptz not null,
    unique (provider_id, id),
    check ((kind = 'till') = (till_number is not null))
);
create index mpesa_accounts_provider on mpesa_accounts (provider_id, id);

alter table providers add column mpesa_account_id uuid;
update providers set mpesa_account_id = gen_random_uuid() where mpesa_shortcode is not null;
alter table providers add check ((mpesa_account_id is null) = (mpesa_shortcode is null));
-- Since when money goes elsewhere than before, and by whom if by a page: every owner is shown it for some days.
alter table providers add column mpesa_moved_at timestamptz;
alter table providers add column mpesa_moved_by uuid;

-- A second factor that was set up a moment ago may be a thief's.
alter table people add column totp_since timestamptz;
update people set totp_since = created_at where totp_secret is not null;
alter table people add check ((totp_since is null) = (totp_secret is null));

-- Payments -------------------------------------------------------------------------------------------------------------------------

-- A test is one shilling from the business to itself: it proves an account, buys nothing and is no sale.
alter table payments drop constraint payments_type_check;
alter table payments add constraint payments_type_check
    check (type in ('pesapal_provider_subscription', 'mpesa_customer_payment', 'mpesa_account_test'));
-- The set it was pushed with; no key, since the set moves from `providers` to `mpesa_accounts` when another takes its place.
alter table payments add column account_id uuid;
update payments set account_id = p.mpesa_account_id from providers p where p.id = provider_id and type = 'mpesa_customer_payment';
alter table payments add constraint payments_test_is_no_sale check (type <> 'mpesa_account_test'
    or (plan_id is null and bought is null and site_id is null and msisdn is not null and secret_hash is not null and account_id is not null));
-- Why the rail did not take the push, in its client's word.
alter table payments add column push_error text;
create index payments_phone on payments (provider_id, msisdn, created_at, id);
create index payments_site on payments (provider_id, site_id, created_at, id);
create index payments_plan on payments (provider_id, plan_id, created_at, id);
create index payments_tests on payments (provider_id, created_at, id) where type = 'mpesa_account_test';
create index payments_flagged on payments (provider_id, created_at, id) where flag is not null;

-- What was said between the rail and us about a payment, as it went and came, without what nobody may read.
create table payment_messages (
    id uuid primary key,
    provider_id uuid not null,
    payment_id uuid not null,
    kind text not null check (kind in ('push', 'push-answer', 'callback', 'query', 'query-answer', 'confirmation')),
    at timestamptz not null,
    body text not null check (length(body) <= 16384),
    foreign key (provider_id, payment_id) references payments (provider_id, id)
);
create index payment_messages_payment on payment_messages (provider_id, payment_id, at, id);

-- Money that was paid back by hand, as somebody wrote it down. Nothing is moved by it.
create table refunds (
    id uuid primary key,
    provider_id uuid not null,
    payment_id uuid not null,
    amount numeric(10, 2) not null check (amount > 0),
    receipt text not null check (receipt ~ '^[A-Z0-9]{6,20}$'),
    reason text not null check (length(reason) between 1 and 200),
    person_id uuid not null references people,
    created_at timestamptz not null,
    unique (provider_id, receipt),
    foreign key (provider_id, payment_id) references payments (provider_id, id)
);
create index refunds_payment on refunds (provider_id, payment_id);

-- The change of an account -----------------------------------------------------------------------------------------------------------

create table mpesa_moves (
    id uuid primary key,
    provider_id uuid not null references providers,
    from_account_id uuid not null,
    to_account_id uuid not null,
    -- The last shilling sent to prove the new set; none for one set on the command line.
    payment_id uuid,
    -- Who asked for it; none for the command line.
    person_id uuid references people,
    state text not null check (state in ('asked', 'done', 'dropped', 'undone')),
    created_at timestamptz not null,
    -- Not done until then, it is not done any more.
    expires_at timestamptz not null,
    ended_at timestamptz,
    unique (provider_id, id),
    foreign key (provider_id, payment_id) references payments (provider_id, id),
    check ((state = 'asked') = (ended_at is null)),
    check ((payment_id is null) = (person_id is null))
);
create unique index mpesa_moves_asked on mpesa_moves (provider_id) where state = 'asked';
create index mpesa_moves_provider on mpesa_moves (provider_id, created_at, id);

-- Customers ------------------------------------------------------------------------------------------------------------------------

-- A phone that paid, or was looked up, under a number that may stand in addresses.
create table customers (
    id uuid primary key,
    provider_id uuid not null references providers,
    msisdn text not null check (msisdn ~ '^254[17][0-9]{8}$'),
    -- Refused at the till since then, and why, for those who work here.
    blocked_at timestamptz,
    block_reason text check (length(block_reason) between 1 and 200),
    created_at timestamptz not null,
    unique (provider_id, id),
    unique (provider_id, msisdn),
    check ((blocked_at is null) = (block_reason is null))
);
insert into customers (id, provider_id, msisdn, created_at)
    select gen_random_uuid(), provider_id, msisdn, min(created_at) from payments
    where type = 'mpesa_customer_payment' and msisdn is not null group by provider_id, msisdn;
create index customers_new on customers (provider_id, created_at, id);
create index customers_blocked on customers (provider_id, blocked_at, id) where blocked_at is not null;

-- Tickets that were given away: real ones that are nobody's money.
create table gifts (
    ticket_id uuid primary key,
    provider_id uuid not null,
    customer_id uuid not null,
    person_id uuid not null references people,
    reason text not null check (length(reason) between 1 and 200),
    created_at timestamptz not null,
    foreign key (provider_id, ticket_id) references tickets (provider_id, id),
    foreign key (provider_id, customer_id) references customers (provider_id, id)
);
create index gifts_customer on gifts (provider_id, customer_id, created_at);
create index gifts_person on gifts (provider_id, person_id, created_at);

-- Tenancy --------------------------------------------------------------------------------------------------------------------------

do $$
declare name text;
begin
    foreach name in array array['mpesa_accounts', 'payment_messages', 'refunds', 'mpesa_moves', 'customers', 'gifts']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy tenancy on %I using (provider_id = tenant() or scope() = ''platform'')', name);
    end loop;
end $$;

grant select, insert, update, delete on mpesa_accounts to mnara_app;
grant select, insert on payment_messages, refunds, gifts to mnara_app;
grant select, insert, update on mpesa_moves, customers to mnara_app;
