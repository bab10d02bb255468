-- How a business's portal looks, and what else a plan may say: bursts, the hours in which it is sold, the colour of its card.

create table portal_looks (
    provider_id uuid primary key references providers,
    -- Colour of buttons; none for the brand's, which stands with the provider.
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
    check ((logo is null) = (logo_kind is null))
);

-- A burst: more speed to and from the customer, below which averages, over how many seconds.
alter table plans
    add column burst bigint[] check (
        burst is null or (cardinality(burst) = 5 and array_position(burst, null) is null and rate_down_bps is not null)
    ),
    -- A bit for each day, Monday's the lowest; minutes of the day in Nairobi.
    add column sold_days integer check (sold_days between 1 and 127),
    add column sold_from integer check (sold_from between 0 and 1439),
    add column sold_until integer check (sold_until between 0 and 1439),
    add column colour integer check (colour between 0 and 16777215),
    add constraint plans_sold check (num_nonnulls(sold_days, sold_from, sold_until) in (0, 3));
alter table series add column burst bigint[] check (burst is null or (cardinality(burst) = 5 and array_position(burst, null) is null));
alter table tickets add column burst bigint[] check (burst is null or (cardinality(burst) = 5 and array_position(burst, null) is null));

alter table portal_looks enable row level security;
alter table portal_looks force row level security;
create policy tenancy on portal_looks using (provider_id = tenant() or scope() = 'platform');

grant select, insert, update on portal_looks to mnara_app;
