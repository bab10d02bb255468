-- The public API: its keys and the answers kept for repeats, news sent to programs of a business, and the links by which an owner takes all
-- data out.

-- Keys -----------------------------------------------------------------------------------------------------------------------------

create table api_keys (
    id uuid primary key,
    provider_id uuid not null references providers,
    name text not null check (length(name) between 1 and 80),
    -- SHA-256 of the key; the key itself is shown once and kept nowhere.
    key_hash bytea not null unique check (length(key_hash) = 32),
    -- Its last letters, by which people tell keys apart.
    ending text not null check (length(ending) = 4),
    scopes text[] not null check (cardinality(scopes) between 1 and 50),
    created_by uuid not null references people,
    created_at timestamptz not null,
    used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    unique (provider_id, id),
    check (expires_at is null or expires_at > created_at)
);
create index api_keys_provider on api_keys (provider_id, created_at, id);

-- What a request with an Idempotency-Key was answered, written in the transaction of its effect.
create table idempotency_keys (
    provider_id uuid not null,
    key_id uuid not null,
    -- What the caller called the request.
    name text not null check (length(name) between 1 and 255),
    -- SHA-256 of method, path and body.
    request_hash bytea not null check (length(request_hash) = 32),
    claimed_at timestamptz not null,
    -- Null while it is being answered.
    status integer check (status between 200 and 299),
    location text,
    body bytea check (length(body) <= 65536),
    primary key (key_id, name),
    foreign key (provider_id, key_id) references api_keys (provider_id, id),
    check ((status is null) = (body is null))
);
create index idempotency_keys_age on idempotency_keys (provider_id, claimed_at);

-- News -----------------------------------------------------------------------------------------------------------------------------

create table webhook_endpoints (
    id uuid primary key,
    provider_id uuid not null references providers,
    url text not null check (length(url) between 9 and 500),
    -- Fernet token of what its messages are signed with.
    secret text not null,
    events text[] not null check (cardinality(events) between 1 and 50),
    -- Off by a person, or because nothing arrived for days.
    enabled boolean not null,
    -- Since when nothing has arrived.
    failing_since timestamptz,
    -- When it was switched off for that.
    given_up_at timestamptz,
    created_at timestamptz not null,
    removed_at timestamptz,
    unique (provider_id, id)
);
create index webhook_endpoints_live on webhook_endpoints (provider_id, created_at, id) where removed_at is null;

create table webhook_deliveries (
    id uuid primary key,
    provider_id uuid not null,
    endpoint_id uuid not null,
    event text not null,
    -- The message as it is sent, each time the same.
    body text not null check (length(body) <= 16384),
    created_at timestamptz not null,
    attempts integer not null check (attempts >= 0),
    tried_at timestamptz,
    -- Not before.
    next_at timestamptz not null,
    delivered_at timestamptz,
    -- When it was given up.
    dead_at timestamptz,
    -- What the last try was answered.
    status integer,
    answer text check (length(answer) <= 300),
    unique (provider_id, id),
    foreign key (provider_id, endpoint_id) references webhook_endpoints (provider_id, id),
    check (delivered_at is null or dead_at is null)
);
create index webhook_deliveries_waiting on webhook_deliveries (provider_id, endpoint_id, next_at, id) where delivered_at is null and dead_at is null;
create index webhook_deliveries_endpoint on webhook_deliveries (provider_id, endpoint_id, created_at, id);

-- Whether those who want to know were told that a site is up; nobody was told anything yet where it is null.
alter table sites add column told_up boolean;

-- All data -------------------------------------------------------------------------------------------------------------------------

create table exports (
    id uuid primary key,
    provider_id uuid not null references providers,
    -- SHA-256 of the secret in the link.
    link_hash bytea not null unique check (length(link_hash) = 32),
    asked_by uuid not null references people,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    taken_at timestamptz,
    unique (provider_id, id)
);

-- What the API reads ---------------------------------------------------------------------------------------------------------------

create index series_newest on series (provider_id, created_at, id);
create index sessions_newest on sessions (provider_id, began_at, id);

-- Who did it may be a program of the business, by its key.
alter table audit add column key_id uuid;
alter table audit drop constraint audit_actor_check;
alter table audit add constraint audit_actor_check check (actor in ('staff', 'admin', 'command', 'program', 'key'));
alter table audit add constraint audit_key_check check ((actor = 'key') = (key_id is not null));

-- Tenancy --------------------------------------------------------------------------------------------------------------------------

do $$
declare name text;
begin
    foreach name in array array['api_keys', 'idempotency_keys', 'webhook_endpoints', 'webhook_deliveries', 'exports']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy tenancy on %I using (provider_id = tenant() or scope() = ''platform'')', name);
    end loop;
end $$;

grant select, insert, update on api_keys, idempotency_keys, webhook_endpoints, webhook_deliveries, exports to mnara_app;
grant delete on idempotency_keys, webhook_deliveries to mnara_app;
