-- Credit: money in the queue that somebody made over to a phone. It stands in the books between the queue and vouchers, and is spent when that
-- phone really pays: the prompt asks for what is left of the price.

-- What a phone has free. A prompt that is out holds its part of it back; it is given back when the prompt fails and is gone when it is paid.
alter table customers add column credit numeric(10, 2) not null default 0 constraint customers_credit check (credit >= 0);
create index customers_credit on customers (provider_id) include (credit) where credit > 0;

-- amount stays what the phone was asked for and what came in by it. credit is what was taken off the price; credited is what of a payment
-- that came too late was made over to its phone. What reports count as sold is the price, on the day of the sale.
alter table payments
    add column credit numeric(10, 2) not null default 0 constraint payments_credit check (credit >= 0),
    add column credited numeric(10, 2) not null default 0 constraint payments_credited check (credited >= 0 and credited <= amount + credit);
drop index payments_paid;
create index payments_paid on payments (provider_id, settled_at) include (site_id, plan_id, amount, credit, credited)
    where status = 'success' and type = 'mpesa_customer_payment';
create index payments_credit_held on payments (provider_id) include (credit) where status = 'pending' and credit > 0;
create index payments_credit_spent on payments (provider_id, settled_at) include (credit) where status = 'success' and credit > 0;

-- asked: a prompt's callback told of another amount than was asked for. short: a prompt was paid after all, when the credit that was to pay the
-- rest was spent.
alter table unmatched
    drop constraint unmatched_reason_check,
    drop constraint unmatched_outcome_check,
    add constraint unmatched_reason_check check (reason in ('nobody', 'amount', 'double', 'statement', 'late', 'asked', 'short')),
    add constraint unmatched_outcome_check check (outcome in ('ticket', 'refund', 'known', 'credit')),
    -- Whose credit it became, and how much of it.
    add column customer_id uuid,
    add column credited numeric(10, 2) check (credited > 0),
    add column key_id uuid,
    add constraint unmatched_credit check ((outcome is not distinct from 'credit') = (customer_id is not null) and (customer_id is null) = (credited is null)),
    add foreign key (provider_id, customer_id) references customers (provider_id, id);
-- What the rail told of a prompt without a receipt is one money.
create unique index unmatched_prompt on unmatched (provider_id, payment_id) where reason in ('asked', 'short') and receipt is null;
create index unmatched_customer on unmatched (provider_id, customer_id, closed_at) where customer_id is not null;

alter table ledger
    drop constraint ledger_cause_check,
    drop constraint ledger_way,
    add constraint ledger_cause_check check (cause in ('paid', 'test', 'unmatched', 'known', 'given', 'refund', 'reversal', 'credited', 'spent')),
    add constraint ledger_way check ((cause, debit, credit) in (
        ('paid', 'till', 'tickets'), ('paid', 'unmatched', 'tickets'),
        ('test', 'till', 'own'), ('test', 'unmatched', 'own'),
        ('unmatched', 'till', 'unmatched'), ('known', 'unmatched', 'till'), ('given', 'unmatched', 'tickets'),
        ('credited', 'unmatched', 'credit'), ('credited', 'tickets', 'credit'), ('spent', 'credit', 'tickets'),
        ('refund', 'tickets', 'refunded'), ('refund', 'own', 'refunded'), ('refund', 'unmatched', 'refunded'),
        ('reversal', 'tickets', 'refunded'), ('reversal', 'own', 'refunded'), ('reversal', 'unmatched', 'refunded')));
-- What phones have is a balance over all days.
create index ledger_credit on ledger (provider_id) include (debit, credit, cents) where debit = 'credit' or credit = 'credit';

alter table ledger_faults
    drop constraint ledger_faults_part_check,
    add constraint ledger_faults_part_check check (part in ('paid', 'test', 'unmatched', 'given', 'refund', 'queue', 'credited', 'spent', 'credit'));

-- Reports count what was sold.
create or replace function report_facts(provider uuid, from_at timestamptz, to_at timestamptz)
returns table (hour bigint, site_id uuid, plan_id uuid, paid bigint, sold bigint, printed bigint, used bigint, used_printed bigint, tried bigint, worth bigint,
               sessions bigint, online_secs bigint, bytes bigint)
language sql stable parallel safe as $$
    select (floor(date_part('epoch', p.settled_at))::bigint + 10800) / 3600, p.site_id, p.plan_id, (sum(p.amount + p.credit - p.credited) * 100)::bigint, count(*),
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
create or replace trigger report_update after update on payments for each row
    when (new.type = 'mpesa_customer_payment' and (old.status = 'success' or new.status = 'success')
          and (old.status, old.settled_at, old.amount, old.credit, old.credited, old.site_id, old.plan_id)
              is distinct from (new.status, new.settled_at, new.amount, new.credit, new.credited, new.site_id, new.plan_id)) execute function report_mark_payment();

-- A device whose owner pays by hand may want the code by SMS.
alter table hand_codes add column by_sms boolean not null default false;
