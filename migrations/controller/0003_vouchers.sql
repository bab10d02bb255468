-- Vouchers on the provider's pages: how a series sells, and what was done to one thing.

-- How many of a series are used, and when.
create index tickets_series_used on tickets (provider_id, series_id, redeemed_at) where redeemed_at is not null and series_id is not null;
-- Which were taken back one by one.
create index tickets_series_back on tickets (provider_id, series_id) where revoked_at is not null and redeemed_at is null and series_id is not null;
-- A voucher's story has what people did to it.
create index audit_subject on audit (provider_id, subject, at);
