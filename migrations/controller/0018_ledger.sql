-- The books of a business's till: where every shilling that came in by M-PESA went. A line names the account that gives and the one that
-- takes, so no line can be out of balance, and nothing is ever changed or taken out.
--
-- till: all that came in. tickets: what vouchers were given for. own: shillings the business sent to itself to test its account. unmatched:
-- what nobody can be matched to yet. refunded: what went back. So money in = tickets + own + unmatched + refunded, on any day and at any
-- site; what lies in the shortcode is the till less what was refunded.

create table ledger (
    id uuid primary key,
    provider_id uuid not null references providers,
    -- Why, in a word of the program's.
    cause text not null check (cause in ('paid', 'test', 'unmatched', 'known', 'given', 'refund', 'reversal')),
    -- What it is about: a payment, money in the queue, or money in the queue that was a payment's all along.
    payment_id uuid,
    unmatched_id uuid,
    -- Which of its cause it is, from zero: a payment may go back in parts.
    turn integer not null check (turn >= 0),
    debit text not null,
    credit text not null,
    cents bigint not null check (cents > 0),
    currency text not null check (currency = 'KES'),
    -- The M-PESA receipt, if it was known by then.
    receipt text,
    site_id uuid,
    at timestamptz not null,
    -- Nairobi's day, counted from the first of 1970; that clock is three hours ahead of UTC the year round.
    day integer not null generated always as ((at at time zone interval '3 hours')::date - date '1970-01-01') stored,
    constraint ledger_about check (payment_id is not null or unmatched_id is not null),
    constraint ledger_way check ((cause, debit, credit) in (
        ('paid', 'till', 'tickets'), ('paid', 'unmatched', 'tickets'),
        ('test', 'till', 'own'), ('test', 'unmatched', 'own'),
        ('unmatched', 'till', 'unmatched'), ('known', 'unmatched', 'till'), ('given', 'unmatched', 'tickets'),
        ('refund', 'tickets', 'refunded'), ('refund', 'own', 'refunded'), ('refund', 'unmatched', 'refunded'),
        ('reversal', 'tickets', 'refunded'), ('reversal', 'own', 'refunded'), ('reversal', 'unmatched', 'refunded'))),
    foreign key (provider_id, payment_id) references payments (provider_id, id),
    foreign key (provider_id, site_id) references sites (provider_id, id)
);
-- Each thing that happens is written once, however often it is told.
create unique index ledger_once on ledger (provider_id, (coalesce(payment_id, unmatched_id)), cause, turn);
-- And no receipt brings money in twice.
create unique index ledger_receipt on ledger (provider_id, receipt) where debit = 'till' and receipt is not null;
create index ledger_day on ledger (provider_id, day, at, id) include (site_id, cause, debit, credit, cents);

-- What waits in the queue is a balance over all days.
create index ledger_unmatched on ledger (provider_id) include (debit, credit, cents) where debit = 'unmatched' or credit = 'unmatched';

create function ledger_stands() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is only added to' using errcode = '42501';
end $$;
create trigger ledger_stands before update or delete on ledger for each row execute function ledger_stands();
create trigger ledger_stays before truncate on ledger for each statement execute function ledger_stands();

-- Money that a person has to look at: it bought nothing, or came so late that nobody waited for what it bought.
create table unmatched (
    id uuid primary key,
    provider_id uuid not null references providers,
    -- nobody: no payment of ours is meant by it. amount: another amount than was asked for. double: a payment that had come already.
    -- statement: only the rail's own statement knows it. late: the payment has its voucher, which nobody waits for any more.
    reason text not null check (reason in ('nobody', 'amount', 'double', 'statement', 'late')),
    amount numeric(10, 2) not null check (amount > 0),
    receipt text check (receipt ~ '^[A-Z0-9]{6,20}$'),
    -- Who paid, as far as the rail tells: a number, its beginning and end, or its hash.
    payer text check (payer ~ '^(254[17][0-9]{8}|[0-9]{0,12}\*[0-9]{0,12}|[0-9a-f]{64})$'),
    -- What was typed as the account.
    reference text check (length(reference) between 1 and 200),
    -- The payment it may belong to, and where that was begun.
    payment_id uuid,
    site_id uuid,
    at timestamptz not null,
    created_at timestamptz not null,
    -- What came of it: a voucher, a refund, or it was a payment's all along.
    outcome text check (outcome in ('ticket', 'refund', 'known')),
    closed_at timestamptz,
    person_id uuid references people,
    ticket_id uuid,
    refund_receipt text check (refund_receipt ~ '^[A-Z0-9]{6,20}$'),
    note text check (length(note) between 1 and 200),
    unique (provider_id, id),
    check ((outcome is null) = (closed_at is null)),
    check (outcome is not null or num_nonnulls(person_id, ticket_id, refund_receipt, note) = 0),
    check ((outcome = 'refund') = (refund_receipt is not null) or outcome is null),
    constraint unmatched_known check (receipt is not null or payment_id is not null),
    foreign key (provider_id, payment_id) references payments (provider_id, id),
    foreign key (provider_id, site_id) references sites (provider_id, id),
    foreign key (provider_id, ticket_id) references tickets (provider_id, id)
);
-- Told twice it is still the same money; a payment that came late has its receipt in its own row.
create unique index unmatched_receipt on unmatched (provider_id, receipt) where reason <> 'late';
create unique index unmatched_late on unmatched (provider_id, payment_id) where reason = 'late';
create unique index unmatched_back on unmatched (provider_id, refund_receipt) where refund_receipt is not null;
create index unmatched_open on unmatched (provider_id, at, id) where closed_at is null;
create index unmatched_all on unmatched (provider_id, at, id);
create index unmatched_closed on unmatched (provider_id, closed_at) where closed_at is not null;
alter table ledger add foreign key (provider_id, unmatched_id) references unmatched (provider_id, id);
create index refunds_day on refunds (provider_id, created_at);

-- How far the books are checked, and what did not balance when they were.
create table ledger_checks (
    provider_id uuid primary key references providers,
    checked_at timestamptz not null,
    -- The last days are checked each time; of those before them a stretch at a time, the next one ending here.
    before_day integer
);
create index ledger_checks_due on ledger_checks (checked_at);
create table ledger_faults (
    provider_id uuid not null references providers,
    day integer not null,
    -- Which sum, in a word of the program's.
    part text not null check (part in ('paid', 'test', 'unmatched', 'given', 'refund', 'queue')),
    -- In cents: what the rows say, and what the books say; then how many there are.
    rows_cents bigint not null,
    book_cents bigint not null,
    rows_count bigint not null,
    book_count bigint not null,
    found_at timestamptz not null,
    primary key (provider_id, day, part)
);

-- Writes what the rows of a business say and its books do not: for rows that came in by other ways than this program's.
create function ledger_open(provider uuid) returns void language sql as $$
    insert into ledger (id, provider_id, cause, payment_id, turn, debit, credit, cents, currency, receipt, site_id, at)
    select gen_random_uuid(), p.provider_id, case p.type when 'mpesa_account_test' then 'test' else 'paid' end, p.id, 0, 'till',
           case p.type when 'mpesa_account_test' then 'own' else 'tickets' end, (p.amount * 100)::bigint, p.currency, p.external_txn_id, p.site_id, p.settled_at
    from payments p
    where p.provider_id = provider and p.status = 'success' and p.type in ('mpesa_customer_payment', 'mpesa_account_test')
    on conflict do nothing;
    insert into ledger (id, provider_id, cause, payment_id, turn, debit, credit, cents, currency, receipt, site_id, at)
    select gen_random_uuid(), r.provider_id, 'refund', r.payment_id, row_number() over (partition by r.payment_id order by r.created_at, r.id) - 1,
           case p.type when 'mpesa_account_test' then 'own' else 'tickets' end, 'refunded', (r.amount * 100)::bigint, p.currency, r.receipt, p.site_id, r.created_at
    from refunds r join payments p on p.provider_id = r.provider_id and p.id = r.payment_id
    where r.provider_id = provider
    on conflict do nothing;
$$;

do $$
declare name text;
begin
    foreach name in array array['ledger', 'unmatched', 'ledger_checks', 'ledger_faults']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy tenancy on %I using (provider_id = tenant() or scope() = ''platform'')', name);
    end loop;
end $$;

grant select, insert on ledger to mnara_app;
grant select, insert, update on unmatched to mnara_app;
grant select, insert, update on ledger_checks to mnara_app;
grant select, insert, update, delete on ledger_faults to mnara_app;

-- What came in before there were books. Whoever owns the tables is behind the policies too.
select set_config('mnara.scope', 'platform', true);
select ledger_open(id) from providers;
select set_config('mnara.scope', '', true);
