-- A prompt's own account is looked for as it is: under row-level security no index serves an expression.
drop index unmatched_reference;
create index unmatched_reference on unmatched (provider_id, reference) where reference is not null;

-- Books that could not be checked have their turn again, and are not said to balance.
alter table ledger_checks add column tried_at timestamptz;
update ledger_checks set tried_at = checked_at;
alter table ledger_checks alter column checked_at drop not null;
drop index ledger_checks_due;
create index ledger_checks_due on ledger_checks (tried_at);

-- What the hourly task forgets.
create index smses_over on smses (drop_at) where state in ('unknown', 'waiting');

-- From where the rail's word was posted.
alter table payment_messages add column source inet;
