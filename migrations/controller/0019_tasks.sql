-- How scheduled work went: one row for each kind of it, written in the transaction that ends a run.

create table task_runs (
    kind text primary key,
    ended_at timestamptz not null,
    took_ms bigint not null check (took_ms >= 0),
    -- Of the last run; none when it went well.
    error text,
    -- The last run that went well.
    went_well_at timestamptz
);

alter table task_runs enable row level security;
alter table task_runs force row level security;
create policy platform on task_runs using (scope() = 'platform');

grant select, insert, update on task_runs to mnara_app;
