-- A phone number is confirmed as an address is: by a link that was sent there. Since when a number is shown to be its person's stands beside it; of
-- those that were there before nobody can say.

alter table people add column phone_proven_at timestamptz;
alter table people add check (phone_proven_at is null or phone is not null);

alter table contact_changes alter column email drop not null;
alter table contact_changes add column phone text check (phone ~ '^254[17][0-9]{8}$');
alter table contact_changes add check (num_nonnulls(email, phone) = 1);

alter table contact_letters alter column email drop not null;
alter table contact_letters add column phone text check (phone ~ '^254[17][0-9]{8}$');
alter table contact_letters add check (num_nonnulls(email, phone) = 1);
create index contact_letters_phone on contact_letters (phone, sent_at);
