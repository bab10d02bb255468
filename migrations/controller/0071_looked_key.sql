-- A program may say that somebody looked at what a payment is marked for: then its key stands for who did. A program of before takes the mark away
-- and leaves the key, so that alone says nothing.
alter table payments
    add column looked_key uuid,
    add foreign key (provider_id, looked_key) references api_keys (provider_id, id),
    drop constraint payments_looked,
    add constraint payments_looked check (
        (looked_at is null or (num_nonnulls(looked_by, looked_key) > 0 and flag is not null))
        and (looked_by is null or looked_at is not null)
    );
