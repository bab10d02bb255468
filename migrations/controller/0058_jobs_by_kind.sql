-- Jobs are claimed by kind, the longest due first: without it a crowd of one kind was sorted, on disk, at each claim of every lane.
create index jobs_next on jobs (kind, run_at, id) where dead_at is null;
