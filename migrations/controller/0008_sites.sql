-- How sites are at this moment, and since when they are up.

-- The newest live reading of each site, for the pages of whichever replica shows it. Nothing is lost with it: the next comes within a
-- minute, so it is not written to the log either.
create unlogged table site_samples (
    site_id uuid primary key,
    provider_id uuid not null,
    -- When it came, by our clock, and the reading as the wire has it.
    at timestamptz,
    kind integer check (kind between 1 and 65535),
    body bytea check (length(body) <= 65536),
    -- Until when the site was told that somebody watches.
    watched_until timestamptz,
    foreign key (provider_id, site_id) references sites (provider_id, id),
    check (num_nulls(at, kind, body) in (0, 3))
);

-- Since when the agent has been heard from without a pause.
alter table agents add column up_since timestamptz;

-- The latest events of a site.
create index site_events_received on site_events (provider_id, site_id, received_at, id);

alter table site_samples enable row level security;
alter table site_samples force row level security;
create policy tenancy on site_samples using (provider_id = tenant() or scope() = 'platform');

grant select, insert, update on site_samples to mnara_app;

-- Vouchers that are held at a site.
create index redemptions_paused on redemptions (provider_id, site_id, paused_at) where paused_at is not null and ended_at is null;
