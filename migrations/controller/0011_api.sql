-- The API does what the pages do: a program may give a voucher and write down a refund, and then it is the giver.

alter table gifts alter column person_id drop not null;
alter table gifts add column key_id uuid;
alter table gifts add foreign key (provider_id, key_id) references api_keys (provider_id, id);
alter table gifts add constraint gifts_giver_check check (num_nonnulls(person_id, key_id) = 1);
create index gifts_key on gifts (provider_id, key_id, created_at) where key_id is not null;

alter table refunds alter column person_id drop not null;
alter table refunds add column key_id uuid;
alter table refunds add foreign key (provider_id, key_id) references api_keys (provider_id, id);
alter table refunds add constraint refunds_writer_check check (num_nonnulls(person_id, key_id) = 1);
