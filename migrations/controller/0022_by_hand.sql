-- Customers who pay the paybill or till from their phone's own menu.

-- Who pays by hand was not asked: such a payment is there once its money is, has no address of its own, and the rail may hide the number.
alter table payments drop constraint payments_check1;
alter table payments drop constraint payments_push_check;
alter table payments add constraint payments_push_check check (push in ('created', 'accepted', 'unknown', 'refused', 'hand'));
-- Who paid, as far as the rail tells: the beginning and end of a number, or its hash.
alter table payments add column payer text check (payer ~ '^([0-9]{0,12}\*[0-9]{0,12}|[0-9a-f]{64})$');
alter table payments add constraint payments_sale check (type <> 'mpesa_customer_payment'
    or (plan_id is not null and bought is not null and (secret_hash is null) = (push = 'hand') and (msisdn is not null or push = 'hand')));
alter table payments add constraint payments_hand check (push <> 'hand'
    or (type = 'mpesa_customer_payment' and status = 'success' and settled_by = 'c2b' and external_txn_id is not null and site_id is not null and mac is not null));
create index payments_hand_mac on payments (provider_id, mac, created_at) where push = 'hand';
create index payments_noted on payments (provider_id, noted_receipt) where noted_receipt is not null and external_txn_id is null;
create index payments_failed on payments (provider_id, amount, created_at) where status = 'failed' and mac is not null;

-- Whoever is told by a hash may be a customer whose number is known.
create index customers_hash on customers (provider_id, sha256(msisdn::bytea));

-- Devices that were shown how to pay by hand, each with the code that is its account at a paybill. A code stays its device's until nobody has
-- asked for it for long.
create table hand_codes (
    provider_id uuid not null references providers,
    code text not null check (code ~ '^D[0-9]{7}$'),
    site_id uuid not null,
    mac macaddr not null,
    -- The plan that was chosen last.
    plan_id uuid,
    -- What is expected and from whom, until it has come: a till tells no account.
    amount numeric(10, 2) check (amount > 0),
    msisdn text check (msisdn ~ '^254[17][0-9]{8}$'),
    -- A receipt that was claimed before its money was known, and by which phone's owner.
    receipt text check (receipt ~ '^[A-Z0-9]{6,20}$'),
    receipt_msisdn text check (receipt_msisdn ~ '^254[17][0-9]{8}$'),
    asked_at timestamptz not null,
    primary key (provider_id, code),
    unique (provider_id, site_id, mac),
    check ((receipt is null) = (receipt_msisdn is null)),
    foreign key (provider_id, site_id) references sites (provider_id, id),
    foreign key (provider_id, plan_id) references plans (provider_id, id)
);
create index hand_codes_till on hand_codes (provider_id, amount, asked_at) where msisdn is not null;
create index hand_codes_receipt on hand_codes (provider_id, receipt) where receipt is not null;

-- How the registration of a shortcode's addresses stands.
create table c2b_registrations (
    provider_id uuid primary key references providers,
    shortcode text not null check (shortcode ~ '^[0-9]{5,7}$'),
    version smallint not null check (version in (1, 2)),
    -- Whether a payment whose validation is not answered goes through.
    completes boolean not null,
    -- asked: no answer yet. done: registered by that. before: addresses were registered already, perhaps others. Else why not.
    state text not null check (state in ('asked', 'done', 'before', 'setup', 'old-platform', 'refused', 'away')),
    -- Safaricom's own words.
    said text check (length(said) <= 300),
    at timestamptz not null,
    -- When the first payment by hand was told of: this proves more than any answer.
    heard_at timestamptz
);

-- A business may refuse less or more than M-PESA does; in whole shillings.
alter table providers add column mpesa_least integer check (mpesa_least between 1 and 250000);
alter table providers add column mpesa_most integer check (mpesa_most between 1 and 250000);
alter table providers add column mpesa_most_a_day integer check (mpesa_most_a_day between 1 and 500000);
alter table providers add check (mpesa_least <= mpesa_most);
-- How many prompts in a row M-PESA did not take for reasons of its own, and since when there are too many of them.
alter table providers add column prompts_failed integer not null default 0;
alter table providers add column no_prompts_since timestamptz;

do $$
declare name text;
begin
    foreach name in array array['hand_codes', 'c2b_registrations']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy tenancy on %I using (provider_id = tenant() or scope() = ''platform'')', name);
    end loop;
end $$;

grant select, insert, update, delete on hand_codes to mnara_app;
grant select, insert, update on c2b_registrations to mnara_app;
