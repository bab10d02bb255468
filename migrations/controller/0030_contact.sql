-- The e-mail address somebody wants to log in with, until a link that was sent there was opened: one at a time. Used, it is gone.

create table contact_changes (
    person_id uuid primary key references people,
    email text not null check (email = lower(email) and email ~ '^[^@\s]+@[^@\s]+$'),
    -- SHA-256 of the token in the link.
    token_hash bytea not null unique check (length(token_hash) = 32),
    created_at timestamptz not null,
    expires_at timestamptz not null
);
create index contact_changes_expired on contact_changes (expires_at);

alter table contact_changes enable row level security;
alter table contact_changes force row level security;
create policy platform on contact_changes using (scope() = 'platform');

grant select, insert, update, delete on contact_changes to mnara_app;
