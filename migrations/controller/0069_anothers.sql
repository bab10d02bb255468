-- What somebody else has shown to be theirs is read by them, so nothing of a business goes there for whoever only named it. A business sees those who
-- work for it and nobody else: that it is another's stands with whoever named it, and is kept so whichever program writes.

alter table people add column email_is_anothers boolean not null default false;
alter table people add column phone_is_anothers boolean not null default false;

create function people_anothers() returns trigger language plpgsql as $$
declare
    emails text[] := array[new.email, case when tg_op = 'UPDATE' then old.email end];
    phones text[] := array[new.phone, case when tg_op = 'UPDATE' then old.phone end];
begin
    update people p set email_is_anothers = not p.email_is_anothers
    where (p.id = new.id or p.email = any (emails))
      and p.email_is_anothers <> exists (select from people o where o.email = p.email and o.id <> p.id and o.email_proven_at is not null);
    update people p set phone_is_anothers = not p.phone_is_anothers
    where (p.id = new.id or p.phone = any (phones))
      and p.phone_is_anothers <> exists (select from people o where o.phone = p.phone and o.id <> p.id and o.phone_proven_at is not null);
    return null;
end $$;

create trigger people_anothers after insert or update of email, email_proven_at, phone, phone_proven_at on people
    for each row execute function people_anothers();

-- What was shown before. Whoever owns the tables is behind the policies too.
select set_config('mnara.scope', 'platform', true);
update people p set email_is_anothers = true
where exists (select from people o where o.email = p.email and o.id <> p.id and o.email_proven_at is not null);
update people p set phone_is_anothers = true
where exists (select from people o where o.phone = p.phone and o.id <> p.id and o.phone_proven_at is not null);
select set_config('mnara.scope', '', true);
