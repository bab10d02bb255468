-- People: who logs in and with what, for which business and in which role, what they did, and the state of a business.

-- Businesses -----------------------------------------------------------------------------------------------------------------------

-- Pending: signed up, not let in yet. Suspended: its sites stop selling, what was sold goes on.
-- A business opened on the command line is active at once.
alter table providers add column state text not null default 'active' check (state in ('pending', 'active', 'suspended'));
-- When it came to that, if it was ever in another.
alter table providers add column state_at timestamptz;
-- An owner may have a phone and no e-mail.
alter table providers alter column contact_email drop not null;

-- People ---------------------------------------------------------------------------------------------------------------------------

create table people (
    id uuid primary key,
    name text not null check (length(name) between 1 and 80),
    email text unique check (email = lower(email) and email ~ '^[^@\s]+@[^@\s]+$'),
    phone text unique check (phone ~ '^254[17][0-9]{8}$'),
    -- Argon2id in PHC form.
    password text not null check (password like '$argon2id$%'),
    -- Fernet token; the step is the last one whose code was used, so that none works twice.
    totp_secret text,
    totp_step bigint,
    created_at timestamptz not null,
    check (num_nonnulls(email, phone) >= 1),
    check ((totp_secret is null) = (totp_step is null))
);

-- SHA-256 of what gets a person in who lost the second factor.
create table recovery_codes (
    person_id uuid not null references people,
    code_hash bytea not null check (length(code_hash) = 32),
    used_at timestamptz,
    created_at timestamptz not null,
    primary key (person_id, code_hash)
);

-- The platform's own staff.
create table admins (
    person_id uuid primary key references people,
    created_at timestamptz not null,
    ended_at timestamptz
);

create table staff (
    id uuid primary key,
    provider_id uuid not null references providers,
    person_id uuid not null references people,
    role text not null check (role in ('owner', 'manager', 'cashier', 'technician', 'reader')),
    created_at timestamptz not null,
    ended_at timestamptz,
    unique (provider_id, id)
);
create unique index staff_once on staff (provider_id, person_id) where ended_at is null;
create index staff_person on staff (person_id) where ended_at is null;

create table invitations (
    id uuid primary key,
    provider_id uuid not null references providers,
    -- SHA-256 of the code in the invitation's address.
    code_hash bytea not null unique check (length(code_hash) = 32),
    role text not null check (role in ('manager', 'cashier', 'technician', 'reader', 'owner')),
    -- Whom it is for, as whoever invited wrote it.
    name text not null check (length(name) between 1 and 80),
    expires_at timestamptz not null,
    -- Taken by a person, or taken back.
    ended_at timestamptz,
    created_at timestamptz not null,
    unique (provider_id, id)
);
create index invitations_open on invitations (provider_id, created_at) where ended_at is null;

-- One browser of one person.
create table log_ins (
    id uuid primary key,
    -- SHA-256 of what is in the browser's cookie.
    token_hash bytea not null unique check (length(token_hash) = 32),
    person_id uuid not null references people,
    -- The business looked at; none for the platform's own staff.
    provider_id uuid references providers,
    -- False until the second factor was given, where the person has one.
    is_open boolean not null,
    -- What it is, in a few words, as the browser says.
    device text not null check (length(device) <= 80),
    created_at timestamptz not null,
    seen_at timestamptz not null,
    ended_at timestamptz
);
create index log_ins_person on log_ins (person_id, created_at) where ended_at is null;

-- SHA-256 of a mark in a browser in which a person has logged in before: its tries count apart from those of strangers, so that nobody
-- can lock anybody out.
create table known_browsers (
    token_hash bytea primary key check (length(token_hash) = 32),
    person_id uuid not null references people,
    created_at timestamptz not null
);

-- What happened ----------------------------------------------------------------------------------------------------------------------

create table audit (
    id uuid primary key,
    -- None for what concerns the platform alone.
    provider_id uuid references providers,
    at timestamptz not null,
    -- Who did it: a person of the business, one of the platform, the command line, or the program itself.
    actor text not null check (actor in ('staff', 'admin', 'command', 'program')),
    person_id uuid,
    -- One word or two for what was done, and to what.
    act text not null check (length(act) between 1 and 40),
    subject text not null check (length(subject) <= 80),
    before jsonb,
    after jsonb,
    check ((actor in ('staff', 'admin')) = (person_id is not null))
);
create index audit_provider on audit (provider_id, at, id);

-- How the platform is run, as its admins set it.
create table platform_settings (
    name text primary key,
    value jsonb not null,
    changed_at timestamptz not null
);

-- How many vouchers of a business run.
create index tickets_running on tickets (provider_id) where started_at is not null and ended_at is null;

-- Tenancy --------------------------------------------------------------------------------------------------------------------------

do $$
declare name text;
begin
    foreach name in array array['staff', 'invitations', 'log_ins', 'audit']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy tenancy on %I using (provider_id = tenant() or scope() = ''platform'')', name);
    end loop;
    foreach name in array array['people', 'recovery_codes', 'admins', 'known_browsers', 'platform_settings']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy platform on %I using (scope() = ''platform'')', name);
    end loop;
end $$;

-- A business sees the names of those who work for it, and nobody else's.
create policy colleagues on people for select
    using (exists (select from staff where staff.person_id = people.id and staff.provider_id = tenant()));

grant select, insert, update on people, recovery_codes, admins, staff, invitations, log_ins, platform_settings to mnara_app;
grant select, insert on known_browsers to mnara_app;
-- What happened is not changed afterwards.
grant select, insert on audit to mnara_app;
