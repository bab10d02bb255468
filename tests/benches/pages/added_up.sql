set session_replication_role = replica;
set synchronous_commit = off;
create temp table missing as select p.id, report_day(now()) - n as day from providers p cross join generate_series(1, 60) n
    where not exists (select from report_days d where d.provider_id = p.id);
insert into report_days (provider_id, day) select id, day from missing;
insert into report_sums (provider_id, day, grain, hour, site_id, plan_id, paid, sold, printed, used, used_printed, tried, worth, sessions, online_secs, bytes)
select m.id, m.day, g.* from missing m cross join lateral report_grains(m.id, m.day) g;
drop table missing;
