-- What is looked for when a prompt is proved without its receipt.

-- Secret, request ids and amount of a callback prove a payment whose receipt it does not tell.
alter table payments drop constraint payments_proof;
alter table payments add constraint payments_proof
    check (status <> 'success' or (settled_by is not null and (external_txn_id is not null or settled_by in ('query', 'callback'))));

create index unmatched_reference on unmatched (provider_id, upper(reference)) where reference is not null;
create index unmatched_payment on unmatched (provider_id, payment_id) where payment_id is not null;
