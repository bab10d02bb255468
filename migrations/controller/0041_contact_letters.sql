-- Letters with a link by which somebody wants to log in with an address, which may be a stranger's: how many left is bounded by person and by address.
-- A row is of use for a day.

create table contact_letters (
    person_id uuid not null references people,
    email text not null check (email = lower(email)),
    sent_at timestamptz not null
);
create index contact_letters_person on contact_letters (person_id, sent_at);
create index contact_letters_email on contact_letters (email, sent_at);
create index contact_letters_sent on contact_letters (sent_at);

alter table contact_letters enable row level security;
alter table contact_letters force row level security;
create policy platform on contact_letters using (scope() = 'platform');

grant select, insert, delete on contact_letters to mnara_app;
