-- What somebody logs in with is theirs once they have shown that it is. Until then it is a wish, and several may have the same. Of the addresses
-- that were there before nobody can say; of numbers 0042 began to.
--
-- A program of before goes on beside this: what it adds meets no conflict any more, and what it finds by an address or number is one of those who
-- named it.

alter table people add column email_proven_at timestamptz;
alter table people add check (email_proven_at is null or email is not null);

alter table people drop constraint people_email_key;
alter table people drop constraint people_phone_key;
create unique index people_email_proven on people (email) where email_proven_at is not null;
create unique index people_phone_proven on people (phone) where phone_proven_at is not null;
create index people_email on people (email);
create index people_phone on people (phone);
