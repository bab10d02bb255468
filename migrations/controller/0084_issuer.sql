-- What stood above an invoice when it was issued. Null where it was issued before that was kept, or before anything was said: today's stands
-- above it then.
alter table platform_invoices add column issuer text;

-- Who issues invoices stands on each of them, so whoever writes or reads one may know. The other settings are the platform's alone.
create policy issuer on platform_settings for select using (name = 'issuer');
