-- What one site says of its own on its portal; what is empty is the business's.
create table site_looks (
    provider_id uuid not null,
    site_id uuid primary key,
    colour integer check (colour between 0 and 16777215),
    button integer check (button between 0 and 16777215),
    welcome_en text not null check (length(welcome_en) <= 200),
    welcome_sw text not null check (length(welcome_sw) <= 200),
    banner_en text not null check (length(banner_en) <= 160),
    banner_sw text not null check (length(banner_sw) <= 160),
    terms_en text not null check (length(terms_en) <= 4000),
    terms_sw text not null check (length(terms_sw) <= 4000),
    logo_kind text check (logo_kind in ('png', 'jpeg', 'webp')),
    logo bytea check (length(logo) between 1 and 16384),
    changed_at timestamptz not null,
    foreign key (provider_id, site_id) references sites (provider_id, id),
    check ((logo is null) = (logo_kind is null))
);

alter table site_looks enable row level security;
alter table site_looks force row level security;
create policy tenancy on site_looks using (provider_id = tenant() or scope() = 'platform');

grant select, insert, update on site_looks to mnara_app;
