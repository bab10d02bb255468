-- A link shows that whoever opens it reads what is sent there, whoever asked for it. So it stands with its letter: as long as letters keep another
-- from being sent, what they bring is good. Those that left before have none here.
alter table contact_letters add column token_hash bytea unique check (length(token_hash) = 32);

-- Of several who named the same, whoever waited longest for a link to a new password has the next.
create index resets_of_person on resets (person_id, created_at);
