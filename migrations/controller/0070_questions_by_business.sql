-- Who finds that a business's questions must wait tells all of them their places: without it those of every other business that were due too were
-- read over each time.
create index jobs_questions on jobs (provider_id, run_at) where kind = 'ask-rail' and dead_at is null;
