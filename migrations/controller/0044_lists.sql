-- What lists and shares are read along, however many payments a business has; and what sites were told by a request that is sent again.

-- Shares are of prompts, and a payment by hand is none.
drop index payments_outcome;
create index payments_outcome on payments (created_at) include (provider_id, status, push, result_code, failure, amount)
    where type = 'mpesa_customer_payment';

-- Each list with what it may be narrowed to, the newest first.
create index payments_status on payments (provider_id, status, created_at, id);
create index tickets_series_newest on tickets (provider_id, series_id, created_at, id) where series_id is not null;
create index tickets_plan on tickets (provider_id, plan_id, created_at, id);
create index tickets_unused_newest on tickets (provider_id, created_at, id) where redeemed_at is null;
create index tickets_used_newest on tickets (provider_id, created_at, id) where redeemed_at is not null;
drop index sessions_site;
create index sessions_site on sessions (provider_id, site_id, began_at, id);
create index audit_acts on audit (provider_id, act, id);
create index audit_people on audit (provider_id, person_id, id) where person_id is not null;
create index audit_platform_acts on audit (act, id) where provider_id is null or actor = 'admin';
create index audit_platform_people on audit (person_id, id) where provider_id is null or actor = 'admin';

-- Repeats by API ---------------------------------------------------------------------------------------------------------------------

-- What sites were told for a request, written in the transaction that told them: the same request again is the same commands.
alter table idempotency_keys add column commands uuid[];
-- It ended without an answer, so whoever asks again need not wait until it is too old.
alter table idempotency_keys add column let_go boolean not null default false;
