-- When an endpoint got the secret it has, if that is another than the first.
alter table webhook_endpoints add column secret_at timestamptz;
