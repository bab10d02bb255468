-- A prompt's own account is looked for as it is: under row-level security no index serves an expression.
drop index unmatched_reference;
create index unmatched_reference on unmatched (provider_id, reference) where reference is not null;
