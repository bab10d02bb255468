-- The spine: tenants, sites and their link, plans, tickets, payments.
--
-- Rules that hold for every table here:
--   * a table with provider_id has row-level security, forced, with the one policy shape below;
--   * no default takes the database's clock: times are arguments;
--   * the application's role owns nothing; `mnara-controller db prepare` made the roles before this ran.

create function tenant() returns uuid language sql stable parallel safe
    as $$ select nullif(current_setting('mnara.tenant', true), '')::uuid $$;
create function scope() returns text language sql stable parallel safe
    as $$ select current_setting('mnara.scope', true) $$;

-- Businesses -----------------------------------------------------------------------------------------------------------------------

create table providers (
    id uuid primary key,
    business_name text not null check (length(business_name) between 1 and 80),
    contact_email text not null check (contact_email ~ '^[^@\s]+@[^@\s]+$'),
    pesapal_merchant_id text,
    colour integer not null check (colour between 0 and 16777215),
    help_phone text check (length(help_phone) <= 20),
    -- Fernet tokens; the plaintext carries provider and column.
    mpesa_consumer_key text,
    mpesa_consumer_secret text,
    mpesa_passkey text,
    mpesa_shortcode text check (mpesa_shortcode ~ '^[0-9]{5,7}$'),
    mpesa_kind text check (mpesa_kind in ('paybill', 'till')),
    mpesa_till_number text check (mpesa_till_number ~ '^[0-9]{5,8}$'),
    mpesa_callback_path text not null unique check (mpesa_callback_path ~ '^/'),
    confirm_by_query boolean not null,
    created_at timestamptz not null,
    check ((mpesa_kind = 'till') = (mpesa_till_number is not null) or mpesa_kind is null),
    check (num_nulls(mpesa_consumer_key, mpesa_consumer_secret, mpesa_passkey, mpesa_shortcode, mpesa_kind) in (0, 5))
);

-- SHA-256 of the secrets in a provider's C2B addresses, which belong to the shortcode and not to a payment. All that were ever handed to
-- the rail are good: in production it keeps the first, whatever it answers to the next.
create table c2b_secrets (
    secret_hash bytea primary key check (length(secret_hash) = 32),
    provider_id uuid not null references providers,
    created_at timestamptz not null
);

create table provider_subscriptions (
    id uuid primary key,
    provider_id uuid not null references providers,
    status text not null check (status in ('active', 'expired', 'pending')),
    start_date timestamptz not null,
    expiry_date timestamptz not null,
    pesapal_txn_id text unique,
    amount numeric(10, 2) not null check (amount >= 0),
    created_at timestamptz not null,
    check (expiry_date > start_date)
);
create index provider_subscriptions_provider on provider_subscriptions (provider_id, expiry_date);

-- Sites and their agents -----------------------------------------------------------------------------------------------------------

create table sites (
    id uuid primary key,
    provider_id uuid not null references providers,
    name text not null check (length(name) between 1 and 80),
    -- The revision the next changed feed row takes; locked by whoever changes the feed.
    feed_revision bigint not null check (feed_revision >= 0),
    -- Revisions at or below were given out by a database that is lost: an agent that stands there reads its feed from the start.
    feed_floor bigint not null check (feed_floor >= 0),
    created_at timestamptz not null,
    unique (provider_id, id)
);

create table claims (
    -- SHA-256 of the claim code; the code itself is shown once and kept nowhere.
    code_hash bytea primary key check (length(code_hash) = 32),
    provider_id uuid not null,
    site_id uuid not null,
    expires_at timestamptz not null,
    -- The first public key that used it; that key may repeat, no other may.
    spent_by bytea check (length(spent_by) = 32),
    spent_at timestamptz,
    created_at timestamptz not null,
    foreign key (provider_id, site_id) references sites (provider_id, id),
    check ((spent_by is null) = (spent_at is null))
);

create table agents (
    id uuid primary key,
    provider_id uuid not null,
    site_id uuid not null,
    public_key bytea not null unique check (length(public_key) = 32),
    software text not null,
    -- Taken plus one by every hello; a transaction of an older link is refused.
    link_epoch bigint not null check (link_epoch >= 0),
    last_seen_at timestamptz,
    revoked_at timestamptz,
    -- Set when three take-overs happen within ten minutes: two devices hold one key.
    duplicate_seen_at timestamptz,
    -- Times its site recorded from here on move when its clock is corrected; its entries say so.
    unproven_since timestamptz,
    created_at timestamptz not null,
    unique (provider_id, id),
    foreign key (provider_id, site_id) references sites (provider_id, id)
);
create index agents_site on agents (site_id);

-- The controller's own signing keys, platform-wide.
create table identity_keys (
    public_key bytea primary key check (length(public_key) = 32),
    -- Fernet token. A spare's secret is kept offline and a retired key's is forgotten.
    secret text,
    -- current signs; previous did, and agents may still pin it; spare waits offline; retired is trusted no more.
    role text not null check (role in ('current', 'previous', 'spare', 'retired')),
    created_at timestamptz not null,
    retired_at timestamptz,
    check ((role in ('current', 'previous')) = (secret is not null)),
    check ((role = 'retired') = (retired_at is not null))
);
create unique index identity_keys_one_current on identity_keys (role) where role = 'current';
create unique index identity_keys_one_spare on identity_keys (role) where role = 'spare';

-- What leads agents from one key to the next, as the wire has it. Serials are seconds since 1970 at the least, so that a restored database
-- never gives one out again.
create table key_statements (
    serial bigint primary key check (serial > 0),
    statement bytea not null,
    created_at timestamptz not null
);

create table site_feed (
    provider_id uuid not null,
    site_id uuid not null,
    kind integer not null check (kind between 1 and 65535),
    row_id uuid not null,
    revision bigint not null,
    body bytea not null check (length(body) <= 65536),
    deleted boolean not null,
    primary key (site_id, kind, row_id),
    foreign key (provider_id, site_id) references sites (provider_id, id)
);
create unique index site_feed_page on site_feed (site_id, revision, kind, row_id);

create table journals (
    journal_id uuid not null,
    agent_id uuid not null,
    provider_id uuid not null,
    site_id uuid not null,
    -- The last entry applied, and the hash chain's value there: moved in the transaction that applies.
    mark_number bigint not null check (mark_number >= 0),
    mark_chain bytea not null check (length(mark_chain) = 32),
    forked_at timestamptz,
    created_at timestamptz not null,
    primary key (agent_id, journal_id),
    unique (provider_id, site_id, agent_id, journal_id),
    foreign key (provider_id, agent_id) references agents (provider_id, id),
    foreign key (provider_id, site_id) references sites (provider_id, id)
);

create table journal_entries (
    provider_id uuid not null,
    site_id uuid not null,
    agent_id uuid not null,
    journal_id uuid not null,
    number bigint not null,
    at timestamptz not null,
    kind integer not null,
    body bytea not null,
    -- False for kinds this version did not know: applied after an upgrade.
    applied boolean not null,
    received_at timestamptz not null,
    primary key (agent_id, journal_id, number),
    foreign key (provider_id, site_id, agent_id, journal_id) references journals (provider_id, site_id, agent_id, journal_id)
);
create index journal_entries_unapplied on journal_entries (agent_id, journal_id, number) where not applied;
create index journal_entries_site on journal_entries (provider_id, site_id, received_at);

create table site_events (
    id uuid primary key,
    provider_id uuid not null,
    site_id uuid not null,
    kind text not null,
    value bigint,
    at timestamptz not null,
    received_at timestamptz not null,
    foreign key (provider_id, site_id) references sites (provider_id, id)
);
create index site_events_site on site_events (provider_id, site_id, at);

-- What a site's agent was told to do once, and what came of it. Kept for some days.
create table commands (
    id uuid primary key,
    provider_id uuid not null,
    site_id uuid not null,
    agent_id uuid not null,
    kind integer not null check (kind between 1 and 65535),
    body bytea not null check (length(body) <= 4096),
    expires_at timestamptz not null,
    -- The link it went out by. A later one sends it again: the agent does nothing twice.
    sent_by bigint,
    sent_at timestamptz,
    -- The report, as the wire has it.
    report_kind integer check (report_kind between 0 and 65535),
    report bytea check (length(report) <= 65536),
    reported_at timestamptz,
    created_at timestamptz not null,
    foreign key (provider_id, site_id) references sites (provider_id, id),
    foreign key (provider_id, agent_id) references agents (provider_id, id),
    check ((sent_by is null) = (sent_at is null)),
    check (num_nulls(report_kind, report, reported_at) in (0, 3)),
    -- Nothing that was not sent has an answer.
    check (reported_at is null or sent_at is not null)
);
create index commands_open on commands (agent_id, expires_at) where reported_at is null;
create index commands_site on commands (provider_id, site_id, created_at);

-- What is for sale -----------------------------------------------------------------------------------------------------------------

create table plans (
    id uuid primary key,
    provider_id uuid not null references providers,
    revision integer not null check (revision >= 1),
    name text not null check (length(name) between 1 and 60),
    price numeric(10, 2) not null check (price >= 0),
    duration_secs bigint check (duration_secs between 60 and 315360000),
    online_secs bigint check (online_secs between 60 and 315360000),
    data_bytes bigint check (data_bytes > 0),
    devices integer not null check (devices between 1 and 100),
    rate_down_bps bigint check (rate_down_bps >= 8000),
    rate_up_bps bigint check (rate_up_bps >= 8000),
    sell_by_secs bigint check (sell_by_secs between 3600 and 315360000),
    on_sale boolean not null,
    position integer not null check (position between 0 and 65535),
    created_at timestamptz not null,
    unique (provider_id, id),
    check (num_nonnulls(duration_secs, online_secs, data_bytes) >= 1),
    check ((rate_down_bps is null) = (rate_up_bps is null))
);
create index plans_provider on plans (provider_id, position, id);

create table series (
    id uuid primary key,
    provider_id uuid not null,
    plan_id uuid not null,
    plan_name text not null,
    price numeric(10, 2) not null check (price >= 0),
    -- The plan's terms on the day of printing.
    duration_secs bigint,
    online_secs bigint,
    data_bytes bigint,
    devices integer not null check (devices between 1 and 100),
    rate_down_bps bigint,
    rate_up_bps bigint,
    count integer not null check (count between 1 and 100000),
    skipped integer[] not null,
    alphabet text not null check (alphabet in ('crockford', 'digits')),
    length integer not null check (length between 6 and 16),
    prefix text not null check (length(prefix) <= 4),
    home_site_id uuid not null,
    cut_off text not null check (cut_off in ('home', 'anywhere')),
    sell_by timestamptz,
    -- Fernet token of the key from which every code derives.
    key text not null,
    revoked_at timestamptz,
    created_at timestamptz not null,
    unique (provider_id, id),
    foreign key (provider_id, plan_id) references plans (provider_id, id),
    foreign key (provider_id, home_site_id) references sites (provider_id, id)
);

create table series_sites (
    provider_id uuid not null,
    series_id uuid not null,
    site_id uuid not null,
    primary key (series_id, site_id),
    foreign key (provider_id, series_id) references series (provider_id, id),
    foreign key (provider_id, site_id) references sites (provider_id, id)
);

-- Money ----------------------------------------------------------------------------------------------------------------------------

create table payments (
    id uuid primary key,
    provider_id uuid not null references providers,
    type text not null check (type in ('pesapal_provider_subscription', 'mpesa_customer_payment')),
    provider_payload jsonb not null,
    amount numeric(10, 2) not null check (amount > 0),
    currency text not null check (currency = 'KES'),
    -- The M-PESA receipt or Pesapal confirmation code.
    external_txn_id text,
    status text not null check (status in ('pending', 'success', 'failed')),
    created_at timestamptz not null,
    -- A receipt that waits for the rail to agree; unproven, so not unique.
    noted_receipt text,
    site_id uuid,
    plan_id uuid,
    plan_revision integer,
    -- The plan as the customer saw it, in the protocol's encoding: what was bought is given, whatever the plan is by then.
    bought bytea,
    attempt_id uuid,
    mac macaddr,
    -- Twelve digits, ours and never the callback's.
    msisdn text check (msisdn ~ '^254[17][0-9]{8}$'),
    account_reference text not null unique check (account_reference ~ '^[A-Z0-9]{1,12}$'),
    -- SHA-256 of the secret in this payment's callback URL.
    secret_hash bytea unique check (length(secret_hash) = 32),
    -- SHA-256 of the token with which the buyer asks how it stands.
    token_hash bytea unique check (length(token_hash) = 32),
    -- That token as a Fernet token, for whoever sends the same order again.
    token text,
    merchant_request_id text,
    checkout_request_id text,
    -- Where the push is: created (not known to be sent), accepted, unknown (no answer), refused.
    push text not null check (push in ('created', 'accepted', 'unknown', 'refused')),
    result_code text,
    failure text,
    settled_at timestamptz,
    -- How it was settled: callback, query, c2b.
    settled_by text check (settled_by in ('callback', 'query', 'c2b')),
    queries integer not null check (queries >= 0),
    -- Something a person should look at, in one word (amount, ids, second-receipt, contrary, receipt-taken, code, setup).
    flag text,
    unique (provider_id, id),
    unique (site_id, attempt_id),
    foreign key (provider_id, site_id) references sites (provider_id, id),
    foreign key (provider_id, plan_id) references plans (provider_id, id),
    check ((status = 'pending') = (settled_at is null)),
    check (type <> 'mpesa_customer_payment' or (msisdn is not null and plan_id is not null and bought is not null and secret_hash is not null)),
    check (type <> 'mpesa_customer_payment' or amount = trunc(amount)),
    check (status <> 'success' or push <> 'created'),
    -- Money that came names what says so, and only the rail's own answer to our question comes without a receipt.
    constraint payments_proof check (status <> 'success' or (settled_by is not null and (external_txn_id is not null or settled_by = 'query'))),
    constraint payments_failure check (failure is null or status = 'failed')
);
create unique index payments_receipt on payments (external_txn_id) where external_txn_id is not null;
create unique index payments_checkout on payments (checkout_request_id) where checkout_request_id is not null;
create index payments_provider on payments (provider_id, created_at, id);

-- One live prompt per phone on the whole platform: a second would kill the first.
create table live_prompts (
    msisdn_hash bytea primary key check (length(msisdn_hash) = 32),
    payment_id uuid not null,
    until timestamptz not null
);

-- Every authenticated callback body, as it came. The settlement job finds the payment by the hash.
create table callbacks (
    id uuid primary key,
    secret_hash bytea not null check (length(secret_hash) = 32),
    body_hash bytea not null check (length(body_hash) = 32),
    body bytea not null check (length(body) <= 65536),
    source inet,
    received_at timestamptz not null,
    -- Null until the settlement job looked at it; then what it made of it.
    handled_at timestamptz,
    outcome text,
    unique (secret_hash, body_hash)
);
create index callbacks_waiting on callbacks (received_at, id) where handled_at is null;

-- Bodies without a valid secret never settle anything: a capped ring for people to look at.
create table strays (
    slot integer primary key check (slot between 0 and 9999),
    provider_id_text text not null check (length(provider_id_text) <= 64),
    body bytea not null check (length(body) <= 16384),
    source inet,
    received_at timestamptz not null
);
create sequence strays_slot minvalue 0 maxvalue 9999 cycle;

-- Tickets --------------------------------------------------------------------------------------------------------------------------

create table tickets (
    id uuid primary key,
    provider_id uuid not null references providers,
    code text not null check (code ~ '^[0-9A-HJKMNP-TV-Z]{6,16}$'),
    username text not null,
    password text not null,
    plan_type text not null check (plan_type in ('time', 'data')),
    duration_hours integer,
    data_limit_mb bigint,
    price numeric(10, 2) not null check (price >= 0),
    -- As of the last change of this row: dates that pass meanwhile are compared when it is read.
    status text not null check (status in ('active', 'used', 'expired', 'revoked')),
    -- Unused after this date it is expired; once running, when its duration ends.
    expires_at timestamptz,
    created_at timestamptz not null,
    plan_id uuid not null,
    plan_name text not null,
    duration_secs bigint,
    online_secs bigint,
    data_bytes bigint,
    devices integer not null check (devices between 1 and 100),
    rate_down_bps bigint,
    rate_up_bps bigint,
    sell_by timestamptz,
    revoked_at timestamptz,
    extra_secs bigint not null check (extra_secs >= 0),
    series_id uuid,
    series_index integer,
    payment_id uuid unique,
    sold_at_site_id uuid,
    -- What sites reported; written by ingest alone.
    redeemed_at timestamptz,
    redeemed_site_id uuid,
    started_at timestamptz,
    -- Since when its clock is held.
    paused_at timestamptz,
    ended_at timestamptz,
    end_reason text check (end_reason in ('duration', 'online-time', 'data', 'sell-by', 'revoked', 'used-elsewhere', 'other')),
    online_used_secs bigint not null check (online_used_secs >= 0),
    bytes_up bigint not null check (bytes_up >= 0),
    bytes_down bigint not null check (bytes_down >= 0),
    unique (provider_id, code),
    unique (provider_id, id),
    unique (series_id, series_index),
    foreign key (provider_id, plan_id) references plans (provider_id, id),
    foreign key (provider_id, series_id) references series (provider_id, id),
    foreign key (provider_id, payment_id) references payments (provider_id, id),
    foreign key (provider_id, sold_at_site_id) references sites (provider_id, id),
    foreign key (provider_id, redeemed_site_id) references sites (provider_id, id),
    check ((series_id is null) = (series_index is null)),
    check (status <> 'used' or redeemed_at is not null),
    check (paused_at is null or (started_at is not null and ended_at is null))
);
create unique index tickets_platform_code on tickets (code) where length(code) = 12;
create index tickets_provider on tickets (provider_id, created_at, id);

-- One use of a ticket at one site: two rows for one ticket are a double use, which settlement judges.
create table redemptions (
    provider_id uuid not null,
    ticket_id uuid not null,
    site_id uuid not null,
    redeemed_at timestamptz not null,
    started_at timestamptz,
    paused_at timestamptz,
    ended_at timestamptz,
    end_reason text,
    online_used_secs bigint not null check (online_used_secs >= 0),
    bytes_up bigint not null check (bytes_up >= 0),
    bytes_down bigint not null check (bytes_down >= 0),
    -- Devices that hold a place, with when they were last seen: [{"mac": "…", "seen": millis}].
    slots jsonb not null,
    cut_off boolean not null,
    -- Settlement's word when two sites used it: kept or lost.
    settled text check (settled in ('kept', 'lost')),
    check (paused_at is null or (started_at is not null and ended_at is null)),
    primary key (ticket_id, site_id),
    foreign key (provider_id, ticket_id) references tickets (provider_id, id),
    foreign key (provider_id, site_id) references sites (provider_id, id)
);
create index redemptions_site on redemptions (provider_id, site_id, ticket_id);

create table grants (
    provider_id uuid not null,
    ticket_id uuid not null,
    mac macaddr not null,
    site_id uuid not null,
    step text not null check (step in ('ordered', 'delivered', 'written', 'confirmed', 'ended')),
    ordered_at timestamptz,
    delivered_at timestamptz,
    written_at timestamptz,
    confirmed_at timestamptz,
    ended_at timestamptz,
    primary key (ticket_id, mac, site_id),
    foreign key (provider_id, ticket_id) references tickets (provider_id, id),
    foreign key (provider_id, site_id) references sites (provider_id, id)
);

create table sessions (
    id uuid primary key,
    provider_id uuid not null,
    site_id uuid not null,
    ticket_id uuid not null,
    mac macaddr not null,
    began_at timestamptz not null,
    read_at timestamptz not null,
    ended_at timestamptz,
    online_secs bigint not null check (online_secs >= 0),
    bytes_up bigint not null check (bytes_up >= 0),
    bytes_down bigint not null check (bytes_down >= 0),
    foreign key (provider_id, ticket_id) references tickets (provider_id, id),
    foreign key (provider_id, site_id) references sites (provider_id, id)
);
create index sessions_ticket on sessions (provider_id, ticket_id, began_at);
create index sessions_site on sessions (provider_id, site_id, began_at);

-- Work -----------------------------------------------------------------------------------------------------------------------------

create table jobs (
    id uuid primary key,
    provider_id uuid references providers,
    kind text not null,
    -- At most one waiting job of a kind has a key.
    unique_key text not null,
    payload jsonb not null,
    run_at timestamptz not null,
    attempts integer not null check (attempts >= 0),
    leased_until timestamptz,
    last_error text,
    -- Set when it was given up after its last attempt; a person may retry it.
    dead_at timestamptz,
    created_at timestamptz not null,
    unique (kind, unique_key)
);
create index jobs_due on jobs (run_at) where dead_at is null;

-- Tenancy --------------------------------------------------------------------------------------------------------------------------

do $$
declare name text;
begin
    foreach name in array array['provider_subscriptions', 'c2b_secrets', 'sites', 'claims', 'agents', 'site_feed', 'journals', 'journal_entries',
        'site_events', 'commands', 'plans', 'series', 'series_sites', 'payments', 'tickets', 'redemptions', 'grants', 'sessions', 'jobs']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy tenancy on %I using (provider_id = tenant() or scope() = ''platform'')', name);
    end loop;
end $$;

alter table providers enable row level security;
alter table providers force row level security;
create policy tenancy on providers using (id = tenant() or scope() = 'platform');

-- Tables of the platform itself: no tenant may see them at all.
alter table identity_keys enable row level security;
alter table identity_keys force row level security;
create policy platform on identity_keys using (scope() = 'platform');
alter table key_statements enable row level security;
alter table key_statements force row level security;
create policy platform on key_statements using (scope() = 'platform');
-- A hash and a date, no tenant's data: a checkout takes its place here in the tenant's own transaction.
alter table callbacks enable row level security;
alter table callbacks force row level security;
create policy platform on callbacks using (scope() = 'platform');
alter table strays enable row level security;
alter table strays force row level security;
create policy platform on strays using (scope() = 'platform');

grant usage on schema public to mnara_app;
grant select, insert, update on all tables in schema public to mnara_app;
grant delete on jobs, live_prompts, commands to mnara_app;
grant usage on all sequences in schema public to mnara_app;
