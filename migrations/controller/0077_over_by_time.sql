-- News of an address that is gone and commands to a site that is told nothing more go when their time is over as well, whosever they are, in parts,
-- the oldest first.
create index webhook_deliveries_over on webhook_deliveries (created_at) where delivered_at is not null or dead_at is not null;
create index commands_over on commands (created_at);
