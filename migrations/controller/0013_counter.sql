-- Vouchers sold for cash, by whom: what each person at the counter has to hand over.

-- Codes of a series below this number were shown to somebody, on paper, in a file or at the counter. The counter sells from here on, so that
-- no voucher is sold once on paper and once from the screen.
alter table series add column shown_below integer not null default 0 check (shown_below >= 0);

create table cash_sales (
    ticket_id uuid primary key,
    provider_id uuid not null,
    -- Made with the form: the same form sent twice sells once.
    attempt_id uuid not null,
    person_id uuid not null references people,
    amount numeric(10, 2) not null check (amount >= 0),
    sold_at timestamptz not null,
    -- The customer got their money back, and the voucher was taken back.
    undone_at timestamptz,
    unique (provider_id, attempt_id),
    foreign key (provider_id, ticket_id) references tickets (provider_id, id)
);
create index cash_sales_day on cash_sales (provider_id, sold_at, ticket_id);

alter table cash_sales enable row level security;
alter table cash_sales force row level security;
create policy tenancy on cash_sales using (provider_id = tenant() or scope() = 'platform');
grant select, insert, update on cash_sales to mnara_app;
