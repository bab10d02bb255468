-- Addresses that take nothing of what they are sent, as the platform's staff looks for them over all businesses.

-- What the last call was answered; where there was no answer, why, in a word of the program's.
alter table webhook_endpoints add column last_status integer;
alter table webhook_endpoints add column last_fault text check (length(last_fault) <= 300);

create index webhook_endpoints_failing on webhook_endpoints (id) where removed_at is null and failing_since is not null;
