-- Mail that leaves, the way back in for somebody who lost their password, who is told what, passkeys, and which outages were told.

-- People ---------------------------------------------------------------------------------------------------------------------------

-- What they are written to in: the language they chose last.
alter table people add column language text not null default 'en' check (language in ('en', 'sw'));

-- Mail -----------------------------------------------------------------------------------------------------------------------------

create table mails (
    id uuid primary key,
    -- The business it is about; none for what concerns a person alone.
    provider_id uuid references providers,
    person_id uuid not null references people,
    kind text not null check (length(kind) between 1 and 40),
    -- What makes it the same news: told again, it is not sent again.
    once text check (length(once) between 1 and 120),
    -- Fernet token of the address and the letter, while it has not left: it may hold a way into an account.
    letter text,
    created_at timestamptz not null,
    -- News that is older than this helps nobody.
    drop_at timestamptz not null,
    sent_at timestamptz,
    given_up_at timestamptz,
    check (num_nonnulls(letter, sent_at, given_up_at) = 1)
);
create unique index mails_once on mails (once) where once is not null;
create index mails_created on mails (created_at);

-- The way back in ------------------------------------------------------------------------------------------------------------------

create table resets (
    id uuid primary key,
    -- Both come when it was looked up who that is, outside of the request: nobody can tell from an answer, or its time, who is somebody here.
    person_id uuid references people,
    -- SHA-256 of the token in the link.
    token_hash bytea unique check (length(token_hash) = 32),
    -- Fernet token of the e-mail address somebody typed, until it was looked up.
    contact text,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz,
    check ((person_id is null) = (token_hash is null)),
    check ((person_id is null) = (contact is not null))
);
create index resets_person on resets (person_id, expires_at) where used_at is null;
create index resets_created on resets (created_at);

-- Who is told what -----------------------------------------------------------------------------------------------------------------

-- Where nothing is chosen, the role says it. What concerns security cannot be chosen.
create table notice_choices (
    provider_id uuid not null references providers,
    person_id uuid not null references people,
    topic text not null check (topic in ('site', 'money', 'summary')),
    by_mail boolean not null,
    changed_at timestamptz not null,
    primary key (provider_id, person_id, topic)
);

-- Passkeys -------------------------------------------------------------------------------------------------------------------------

create table passkeys (
    id uuid primary key,
    person_id uuid not null references people,
    credential_id bytea not null unique check (length(credential_id) between 1 and 1023),
    -- The public key and its counter, as the library writes them.
    key jsonb not null,
    name text not null check (length(name) between 1 and 40),
    created_at timestamptz not null,
    used_at timestamptz
);
create index passkeys_person on passkeys (person_id, created_at);

-- A passkey being made or used: what its answer must fit. Taken away by its first answer.
create table ceremonies (
    -- SHA-256 of what the page hands back with the answer.
    token_hash bytea primary key check (length(token_hash) = 32),
    -- Whose key is made, and what it will be called; none while somebody logs in.
    person_id uuid references people,
    name text check (length(name) between 1 and 40),
    state jsonb not null,
    expires_at timestamptz not null,
    check ((person_id is null) = (name is null))
);
create index ceremonies_expire on ceremonies (expires_at);

-- Sites that were away -------------------------------------------------------------------------------------------------------------

-- An outage people were told of, so that each is told once.
create table outage_notices (
    provider_id uuid not null,
    site_id uuid not null,
    -- When the site was last heard of before.
    began_at timestamptz not null,
    -- A site that comes and goes all day is told of a few times only.
    is_told boolean not null,
    noted_at timestamptz not null,
    ended_at timestamptz,
    primary key (site_id, began_at),
    foreign key (provider_id, site_id) references sites (provider_id, id)
);
create index outage_notices_open on outage_notices (site_id) where ended_at is null;

-- What ended is taken away after a while.
create index log_ins_old on log_ins (seen_at);
create index known_browsers_old on known_browsers (created_at);

-- Tenancy --------------------------------------------------------------------------------------------------------------------------

do $$
declare name text;
begin
    foreach name in array array['mails', 'notice_choices', 'outage_notices']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy tenancy on %I using (provider_id = tenant() or scope() = ''platform'')', name);
    end loop;
    foreach name in array array['resets', 'passkeys', 'ceremonies']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy platform on %I using (scope() = ''platform'')', name);
    end loop;
end $$;

grant select, insert, update, delete on mails, resets, passkeys to mnara_app;
grant select, insert, update on notice_choices, outage_notices to mnara_app;
grant select, insert, delete on ceremonies to mnara_app;
-- The clean-up.
grant delete on log_ins, known_browsers to mnara_app;
