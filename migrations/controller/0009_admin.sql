-- What the platform's own staff see: a business as its owner sees it, how well the platform does, and a chain through all that was done.

-- Looking at a business ------------------------------------------------------------------------------------------------------------

-- The business that somebody of the platform looks at in this browser, and until when.
alter table log_ins add column viewed_id uuid references providers;
alter table log_ins add column viewed_until timestamptz;
alter table log_ins add constraint log_ins_view check ((viewed_id is null) = (viewed_until is null));

-- The chain of what happened ---------------------------------------------------------------------------------------------------------

-- Lines of the audit that no chain holds yet, each written with its line: who writes waits for nobody, and a job chains them afterwards.
create table audit_waiting (
    audit_id uuid primary key,
    provider_id uuid references providers
);

-- Each line once, in the order in which it was found. No key leads to the audit: a line that was taken away is what the chain shows.
create table audit_chain (
    -- The business, or sixteen zeros for what concerns the platform alone.
    chain uuid not null,
    provider_id uuid references providers,
    number bigint not null check (number >= 1),
    audit_id uuid not null unique,
    -- SHA-256 over the hash before and all that the line says.
    hash bytea not null check (length(hash) = 32),
    chained_at timestamptz not null,
    primary key (chain, number),
    check (chain = coalesce(provider_id, '00000000-0000-0000-0000-000000000000'))
);

insert into audit_waiting (audit_id, provider_id) select id, provider_id from audit;

create index audit_pages on audit (provider_id, id);
create index audit_platform on audit (id) where provider_id is null or actor = 'admin';

-- How well the platform does -------------------------------------------------------------------------------------------------------

-- Minutes in which some process of the platform ran and could write. One that is missing is one in which it was down.
create table health_minutes (
    minute timestamptz primary key check (date_trunc('minute', minute, 'UTC') = minute)
);

-- When a site was away, as the platform saw it.
create table site_outages (
    id uuid primary key,
    provider_id uuid not null,
    site_id uuid not null,
    began_at timestamptz not null,
    ended_at timestamptz,
    foreign key (provider_id, site_id) references sites (provider_id, id),
    check (ended_at >= began_at)
);
create unique index site_outages_open on site_outages (site_id) where ended_at is null;
create index site_outages_site on site_outages (provider_id, site_id, began_at);

-- What the pages ask of the tables that were there.
create index providers_opened on providers (created_at);
create index payments_outcome on payments (created_at) include (provider_id, status, result_code, failure, amount)
    where type = 'mpesa_customer_payment';
create index provider_subscriptions_start on provider_subscriptions (start_date);
create index jobs_dead on jobs (id) where dead_at is not null;
create index jobs_failing on jobs (id) where dead_at is null and last_error is not null;
create index site_events_router on site_events (provider_id, site_id, at) where kind in ('router-lost', 'router-back');

-- Tenancy --------------------------------------------------------------------------------------------------------------------------

do $$
declare name text;
begin
    foreach name in array array['audit_waiting', 'audit_chain', 'site_outages']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy tenancy on %I using (provider_id = tenant() or scope() = ''platform'')', name);
    end loop;
end $$;

alter table health_minutes enable row level security;
alter table health_minutes force row level security;
create policy platform on health_minutes using (scope() = 'platform');

grant select, insert, delete on audit_waiting to mnara_app;
grant select, insert on audit_chain to mnara_app;
grant select, insert, delete on health_minutes to mnara_app;
grant select, insert, update on site_outages to mnara_app;
