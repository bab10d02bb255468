-- Scheduled work: since when keys are in use, sealing anew part by part, and taking away what is kept for a stated time only.

-- When the set in use was typed in. Sets from before carry it in their id, which begins with its time.
alter table providers add column mpesa_since timestamptz;
update providers set mpesa_since = to_timestamp((('x' || substr(replace(mpesa_account_id::text, '-', ''), 1, 12))::bit(48)::bigint) / 1000.0)
    where mpesa_account_id is not null;

-- The keys of ENCRYPTION_KEY that were ever first in the list, by a hash: since when, and how far what is stored was sealed anew with it.
create table vault_keys (
    mark bytea primary key check (length(mark) = 32),
    first_seen_at timestamptz not null,
    -- Businesses up to this one are done; the platform's own secrets come first.
    sealed_after uuid,
    is_platform_sealed boolean not null,
    sealed_at timestamptz
);
alter table vault_keys enable row level security;
alter table vault_keys force row level security;
create policy platform on vault_keys using (scope() = 'platform');
grant select, insert, update on vault_keys to mnara_app;

-- What is taken away when its time is over. What a callback said stands with its payment.
create index callbacks_handled on callbacks (received_at) where handled_at is not null;
create index jobs_given_up on jobs (dead_at) where dead_at is not null;
create index exports_over on exports (expires_at);
grant delete on callbacks, exports to mnara_app;
