-- A job is taken, prolonged and put off several times, a payment gets its word and its questions: with room on its page such a change touches no
-- index, unless it is of a column that one has. What indexes point at in vain is read at each claim, so it is cleared away early.
alter table jobs set (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table payments set (fillfactor = 85);

-- Jobs are looked for by kind (jobs_next). Beside that this one was only written, and now and then chosen, which read what is due of every kind.
drop index jobs_due;
