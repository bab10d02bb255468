-- When the router of a site was out of its agent's reach, and what people were told of it.

create table router_losses (
    provider_id uuid not null,
    site_id uuid not null,
    -- When its agent lost it, by the site's clock and never later than we heard of it.
    began_at timestamptz not null,
    -- When we heard of it last, by our own clock.
    heard_at timestamptz not null,
    -- When it answered again.
    ended_at timestamptz,
    -- When it was noted to tell people of it.
    noted_at timestamptz,
    -- A router that comes and goes all day is told of a few times only.
    is_told boolean not null default false,
    -- When its end was noted.
    closed_at timestamptz,
    primary key (site_id, began_at),
    foreign key (provider_id, site_id) references sites (provider_id, id),
    check (ended_at >= began_at),
    check (noted_at is not null or not is_told),
    check (closed_at is null or (noted_at is not null and ended_at is not null))
);
create unique index router_losses_open on router_losses (site_id) where ended_at is null;
create index router_losses_over on router_losses (site_id) where ended_at is not null and noted_at is not null and closed_at is null;

alter table router_losses enable row level security;
alter table router_losses force row level security;
create policy tenancy on router_losses using (provider_id = tenant() or scope() = 'platform');

grant select, insert, update on router_losses to mnara_app;
