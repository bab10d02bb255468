-- The days of reports, added up once. The rows stay the only book: a day's sums count only while nothing that happened on it has changed
-- since they were made, and whoever reads finds that out in the same statement; a day that has changed is read from its rows.
--
-- How that stays exact without anybody waiting for anybody: each change of a row that reports count leaves a mark for its day, in its own
-- transaction. Whoever adds a day up takes away the marks that are seen first and reads the rows afterwards, so the sums hold at least what
-- the marks were for; a change that is not seen yet has a mark that is not taken away either. Marks are rows of their own and nothing is
-- unique about them, so two changes of one day never meet.

-- What reports count between two moments, by hour, site and plan: money when it came, vouchers when they were printed or first used,
-- sessions when they began. Hours are counted from 1970 on Nairobi's clock, three hours ahead of UTC.
create function report_facts(provider uuid, from_at timestamptz, to_at timestamptz)
returns table (hour bigint, site_id uuid, plan_id uuid, paid bigint, sold bigint, printed bigint, used bigint, used_printed bigint, tried bigint, worth bigint,
               sessions bigint, online_secs bigint, bytes bigint)
language sql stable parallel safe as $$
    select (floor(date_part('epoch', p.settled_at))::bigint + 10800) / 3600, p.site_id, p.plan_id, (sum(p.amount) * 100)::bigint, count(*),
           0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint
    from payments p
    where p.provider_id = provider and p.settled_at >= from_at and p.settled_at < to_at and p.status = 'success' and p.type = 'mpesa_customer_payment'
    group by 1, 2, 3
  union all
    select (floor(date_part('epoch', t.redeemed_at))::bigint + 10800) / 3600, t.redeemed_site_id, t.plan_id, 0, 0, 0, count(*) - count(t.tried_by), count(t.series_id), count(t.tried_by),
           (coalesce(sum(t.price) filter (where t.series_id is not null), 0) * 100)::bigint, 0, 0, 0
    from tickets t
    where t.provider_id = provider and t.redeemed_at >= from_at and t.redeemed_at < to_at
    group by 1, 2, 3
  union all
    select (floor(date_part('epoch', s.began_at))::bigint + 10800) / 3600, s.site_id, s.plan_id, 0, 0, 0, 0, 0, 0, 0, count(*),
           sum(s.online_secs)::bigint, sum(s.bytes_up + s.bytes_down)::bigint
    from sessions s
    where s.provider_id = provider and s.began_at >= from_at and s.began_at < to_at
    group by 1, 2, 3
  union all
    select (floor(date_part('epoch', b.created_at))::bigint + 10800) / 3600, b.home_site_id, b.plan_id, 0, 0, sum(b.count - cardinality(b.skipped))::bigint,
           0, 0, 0, 0, 0, 0, 0
    from series b
    where b.provider_id = provider and b.created_at >= from_at and b.created_at < to_at
    group by 1, 2, 3
$$;

-- The day of a moment on that clock, and when a day begins.
create function report_day(at timestamptz) returns integer language sql stable parallel safe
    as $$ select ((floor(date_part('epoch', at))::bigint + 10800) / 86400)::integer $$;
create function report_begin(day integer) returns timestamptz language sql stable parallel safe
    as $$ select to_timestamp(day::bigint * 86400 - 10800) $$;

-- One day of a business in five grains, so that no question about it reads more rows than it needs. The grain says what a row is not by, as
-- bits: 4 the hour, 2 the site, 1 the plan. So 4 is by site and plan, 3 by hour, 1 by hour and site, 2 by hour and plan, and 0 by all of them.
create function report_grains(provider uuid, of_day integer)
returns table (grain smallint, hour smallint, site_id uuid, plan_id uuid, paid bigint, sold bigint, printed bigint, used bigint, used_printed bigint, tried bigint,
               worth bigint, sessions bigint, online_secs bigint, bytes bigint)
language sql stable parallel safe as $$
    select grouping(f.hour_of_day, f.site_id, f.plan_id)::smallint, f.hour_of_day, f.site_id, f.plan_id, sum(f.paid)::bigint, sum(f.sold)::bigint,
           sum(f.printed)::bigint, sum(f.used)::bigint, sum(f.used_printed)::bigint, sum(f.tried)::bigint, sum(f.worth)::bigint, sum(f.sessions)::bigint,
           sum(f.online_secs)::bigint, sum(f.bytes)::bigint
    from (select facts.*, (facts.hour % 24)::smallint as hour_of_day
          from report_facts(provider, report_begin(of_day), report_begin(of_day + 1)) facts) f
    group by grouping sets ((f.site_id, f.plan_id), (f.hour_of_day), (f.hour_of_day, f.site_id), (f.hour_of_day, f.plan_id),
                            (f.hour_of_day, f.site_id, f.plan_id))
$$;

-- Days that are added up, also those on which nothing happened.
create table report_days (
    provider_id uuid not null references providers,
    day integer not null,
    primary key (provider_id, day)
);

-- The sums of those days, as report_grains gave them.
create table report_sums (
    provider_id uuid not null,
    day integer not null,
    grain smallint not null check (grain between 0 and 4),
    hour smallint check (hour between 0 and 23),
    site_id uuid,
    plan_id uuid,
    paid bigint not null,
    sold bigint not null,
    printed bigint not null,
    used bigint not null,
    used_printed bigint not null,
    tried bigint not null,
    worth bigint not null,
    sessions bigint not null,
    online_secs bigint not null,
    bytes bigint not null,
    foreign key (provider_id, day) references report_days (provider_id, day) on delete cascade,
    check ((hour is null) = (grain = 4))
);
create index report_sums_day on report_sums (provider_id, grain, day);

-- Days on which something changed since.
create table report_marks (
    id bigint generated always as identity primary key,
    -- Whoever has a row has a business, so nothing is looked up for each mark.
    provider_id uuid not null,
    day integer not null
);
create index report_marks_day on report_marks (provider_id, day);

-- A mark for the day a row was on before, and for the one it is on now if that is another.
create function report_mark(provider uuid, was timestamptz, is_now timestamptz) returns void language plpgsql as $$
begin
    if is_now is not null then
        insert into report_marks (provider_id, day) values (provider, report_day(is_now));
    end if;
    if was is not null and (is_now is null or report_day(was) <> report_day(is_now)) then
        insert into report_marks (provider_id, day) values (provider, report_day(was));
    end if;
end $$;

create function report_mark_payment() returns trigger language plpgsql as $$
begin
    perform report_mark(new.provider_id, case when tg_op = 'UPDATE' then old.settled_at end, new.settled_at);
    return null;
end $$;
create function report_mark_ticket() returns trigger language plpgsql as $$
begin
    perform report_mark(new.provider_id, case when tg_op = 'UPDATE' then old.redeemed_at end, new.redeemed_at);
    return null;
end $$;
create function report_mark_session() returns trigger language plpgsql as $$
begin
    perform report_mark(new.provider_id, case when tg_op = 'UPDATE' then old.began_at end, new.began_at);
    return null;
end $$;
create function report_mark_series() returns trigger language plpgsql as $$
begin
    perform report_mark(new.provider_id, case when tg_op = 'UPDATE' then old.created_at end, new.created_at);
    return null;
end $$;

create trigger report_insert after insert on payments for each row
    when (new.status = 'success' and new.type = 'mpesa_customer_payment') execute function report_mark_payment();
create trigger report_update after update on payments for each row
    when (new.type = 'mpesa_customer_payment' and (old.status = 'success' or new.status = 'success')
          and (old.status, old.settled_at, old.amount, old.site_id, old.plan_id)
              is distinct from (new.status, new.settled_at, new.amount, new.site_id, new.plan_id)) execute function report_mark_payment();
create trigger report_insert after insert on tickets for each row when (new.redeemed_at is not null) execute function report_mark_ticket();
create trigger report_update after update on tickets for each row
    when ((old.redeemed_at, old.redeemed_site_id, old.plan_id, old.price, old.series_id, old.tried_by)
          is distinct from (new.redeemed_at, new.redeemed_site_id, new.plan_id, new.price, new.series_id, new.tried_by)) execute function report_mark_ticket();
create trigger report_insert after insert on sessions for each row execute function report_mark_session();
create trigger report_update after update on sessions for each row
    when ((old.began_at, old.site_id, old.plan_id, old.online_secs, old.bytes_up, old.bytes_down)
          is distinct from (new.began_at, new.site_id, new.plan_id, new.online_secs, new.bytes_up, new.bytes_down)) execute function report_mark_session();
create trigger report_insert after insert on series for each row execute function report_mark_series();
create trigger report_update after update on series for each row
    when ((old.created_at, old.home_site_id, old.plan_id, old.count, old.skipped)
          is distinct from (new.created_at, new.home_site_id, new.plan_id, new.count, new.skipped)) execute function report_mark_series();

do $$
declare name text;
begin
    foreach name in array array['report_days', 'report_sums', 'report_marks']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy tenancy on %I using (provider_id = tenant() or scope() = ''platform'')', name);
    end loop;
end $$;

-- Whoever adds a day up updates its row first, which keeps others away meanwhile.
grant select, insert, update, delete on report_days to mnara_app;
grant select, insert, delete on report_sums, report_marks to mnara_app;

-- People -----------------------------------------------------------------------------------------------------------------------------

-- A log-in by a passkey, whose device asked for a finger, a face or a PIN, rests on two factors.
alter table log_ins add column by_passkey boolean not null default false;
