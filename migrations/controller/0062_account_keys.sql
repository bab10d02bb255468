-- Since when the platform's own keys at others are in use. They are settings, so whoever begins with one that differs notes it.
create table account_keys (
    name text primary key check (name in ('pesapal', 'africastalking')),
    -- SHA-256 of it: what tells it from others and does not give it away, since whoever issues such a key draws it.
    mark bytea not null check (length(mark) = 32),
    since timestamptz not null
);
alter table account_keys enable row level security;
alter table account_keys force row level security;
create policy platform on account_keys using (scope() = 'platform');
grant select, insert, update on account_keys to mnara_app;
