-- Who looked at what a payment is marked for, and when. The mark stays with the payment; nobody is called to it any more.
alter table payments
    add column looked_at timestamptz,
    add column looked_by uuid references people,
    add constraint payments_looked check ((looked_at is null) = (looked_by is null) and (looked_at is null or flag is not null));
