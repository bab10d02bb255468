-- Tickets whose date passes and whose row does not say so yet.
create index tickets_passing on tickets (provider_id, expires_at, id) where status = 'active' and expires_at is not null;
