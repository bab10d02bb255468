-- SMS that leave: what a business wants of them, who wants none, and who of its people hears by SMS.

-- What a business chose; where there is no row, what is written in the program.
create table message_settings (
    provider_id uuid primary key references providers,
    -- Whether a buyer's code goes out by SMS: never, if the buyer asked for it, always.
    codes text not null check (codes in ('never', 'asked', 'always')),
    receipts boolean not null,
    -- What customers are written to in.
    language text not null check (language in ('en', 'sw')),
    -- Minutes of Nairobi's day between which only what is urgent leaves; from 1320 to 360 is a night.
    quiet_from integer check (quiet_from between 0 and 1439),
    quiet_until integer check (quiet_until between 0 and 1439),
    -- SMS a day at most, and to one phone.
    most_a_day integer not null check (most_a_day between 0 and 100000),
    most_a_phone integer not null check (most_a_phone between 1 and 100),
    changed_at timestamptz not null,
    check ((quiet_from is null) = (quiet_until is null)),
    check (quiet_from <> quiet_until)
);

create table smses (
    id uuid primary key,
    provider_id uuid not null references providers,
    -- Who of the business gets it; none for a customer.
    person_id uuid references people,
    -- The payment it tells a customer of.
    payment_id uuid,
    kind text not null check (length(kind) between 1 and 40),
    -- What makes it the same news: told again, it is not sent again.
    once text check (length(once) between 1 and 160),
    msisdn text not null check (msisdn ~ '^254[17][0-9]{8}$'),
    -- Fernet token of what it says, until it was taken or given up: it may hold a code.
    body text,
    parts integer not null check (parts between 1 and 20),
    is_urgent boolean not null,
    -- sending: handed in, no answer yet. unknown: no answer came, so it may have left and is not sent again by itself.
    state text not null check (state in ('waiting', 'sending', 'unknown', 'sent', 'delivered', 'failed', 'dropped')),
    -- Why it waits, failed or was dropped, in one word.
    why text,
    -- What the rail calls it.
    rail_id text check (length(rail_id) between 1 and 100),
    -- In the smallest unit of the currency, rounded up.
    cost_cents integer check (cost_cents >= 0),
    currency text check (currency ~ '^[A-Z]{3}$'),
    created_at timestamptz not null,
    -- News that is older than this helps nobody.
    drop_at timestamptz not null,
    tried_at timestamptz,
    ended_at timestamptz,
    foreign key (provider_id, payment_id) references payments (provider_id, id),
    check ((cost_cents is null) = (currency is null)),
    check (state not in ('waiting', 'sending') or body is not null),
    check (state not in ('sent', 'delivered', 'failed', 'dropped') or body is null),
    check (state not in ('sending', 'unknown') or tried_at is not null)
);
create unique index smses_once on smses (once) where once is not null;
create unique index smses_rail on smses (rail_id) where rail_id is not null;
-- A page of them, and the sums of a month.
create index smses_listed on smses (provider_id, created_at desc, id desc);
-- The caps of a day.
create index smses_tried on smses (provider_id, tried_at) where tried_at is not null;
-- Whose report it may be that names a text whose answer was lost.
create index smses_lost on smses (msisdn) where state in ('sending', 'unknown');
create index smses_created on smses (created_at);

-- A buyer who asked for the code by SMS, before the payment came to its end.
create table sms_wishes (
    provider_id uuid not null,
    payment_id uuid primary key,
    created_at timestamptz not null,
    foreign key (provider_id, payment_id) references payments (provider_id, id)
);
create index sms_wishes_created on sms_wishes (created_at);

-- Phones that want no SMS of a business: they said so to the network, or to somebody who works there.
create table sms_opt_outs (
    provider_id uuid not null references providers,
    msisdn text not null check (msisdn ~ '^254[17][0-9]{8}$'),
    by_whom text not null check (by_whom in ('network', 'staff')),
    created_at timestamptz not null,
    primary key (provider_id, msisdn)
);
create index sms_opt_outs_listed on sms_opt_outs (provider_id, created_at desc, msisdn);

-- The same choices by another way. Which topics there are is known to the program.
alter table notice_choices
    add column by_sms boolean not null default false,
    drop constraint notice_choices_topic_check,
    add constraint notice_choices_topic check (length(topic) between 1 and 20);

-- Where somebody of a business gets its SMS, if not on the phone they log in with.
create table notice_phones (
    provider_id uuid not null references providers,
    person_id uuid not null references people,
    msisdn text not null check (msisdn ~ '^254[17][0-9]{8}$'),
    changed_at timestamptz not null,
    primary key (provider_id, person_id)
);

do $$
declare name text;
begin
    foreach name in array array['message_settings', 'smses', 'sms_wishes', 'sms_opt_outs', 'notice_phones']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy tenancy on %I using (provider_id = tenant() or scope() = ''platform'')', name);
    end loop;
end $$;

grant select, insert, update on message_settings to mnara_app;
grant select, insert, update, delete on smses to mnara_app;
grant select, insert, delete on sms_wishes, sms_opt_outs to mnara_app;
grant select, insert, update, delete on notice_phones to mnara_app;
