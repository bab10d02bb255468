-- What a business's API operator at M-PESA is asked for: how a transaction stands, and that a payment goes back.

-- The operator of a shortcode. Its credential is what the Daraja portal made of its password; the password itself is never here.
create table mpesa_operators (
    provider_id uuid primary key references providers,
    -- Whose operator it is: with another shortcode it is good for nothing.
    shortcode text not null check (shortcode ~ '^[0-9]{5,7}$'),
    initiator text not null check (initiator ~ '^[A-Za-z0-9._@-]{1,64}$'),
    -- Sealed.
    credential text not null,
    since timestamptz not null,
    -- When each right proved itself; what has not is not used.
    status_proven_at timestamptz,
    reversal_proven_at timestamptz
);

-- What was asked, each with the secrets of the two addresses where its answer comes in. The row is there before M-PESA is called.
create table mpesa_requests (
    id uuid primary key,
    provider_id uuid not null references providers,
    kind text not null check (kind in ('status', 'reversal')),
    -- test: the operator tries itself. refund: a customer's money goes back. claim: a receipt that nobody told us of.
    purpose text not null check (purpose in ('test', 'refund', 'claim')),
    shortcode text not null check (shortcode ~ '^[0-9]{5,7}$'),
    receipt text not null check (receipt ~ '^[A-Z0-9]{6,20}$'),
    -- What goes back; a question may know none.
    amount numeric(10, 2) check (amount > 0),
    payment_id uuid,
    unmatched_id uuid,
    -- Which operator was used: one that was typed in since proves nothing by it.
    operator_since timestamptz not null,
    person_id uuid not null references people,
    reason text check (length(reason) between 1 and 200),
    result_hash bytea not null check (length(result_hash) = 32),
    time_out_hash bytea not null check (length(time_out_hash) = 32),
    -- made: not called yet, or it is not known whether it was. taken: M-PESA took it. unknown: it may have been done. done, failed: it said so.
    -- replaced: asked again by a person because nothing was heard; a word about it still counts.
    state text not null check (state in ('made', 'taken', 'unknown', 'done', 'failed', 'replaced')),
    originator_id text check (length(originator_id) <= 100),
    conversation_id text check (length(conversation_id) <= 100),
    -- Why, in a word of the program's or M-PESA's code, and M-PESA's words.
    code text check (length(code) <= 32),
    said text check (length(said) <= 300),
    -- The receipt by which money went back.
    back_receipt text check (back_receipt ~ '^[A-Z0-9]{6,20}$'),
    -- Whether this program wrote into the books what came of it; money that somebody had written down before is not written twice.
    is_booked boolean not null,
    -- What a question found: payment, queue, known, other, not-completed.
    found text check (found in ('payment', 'queue', 'known', 'other', 'not-completed')),
    created_at timestamptz not null,
    ended_at timestamptz,
    unique (provider_id, id),
    check ((ended_at is null) = (state in ('made', 'taken', 'unknown', 'replaced'))),
    check (kind = 'status' or amount is not null),
    check (not is_booked or state = 'done'),
    foreign key (provider_id, payment_id) references payments (provider_id, id),
    foreign key (provider_id, unmatched_id) references unmatched (provider_id, id)
);
create unique index mpesa_requests_result on mpesa_requests (result_hash);
create unique index mpesa_requests_time_out on mpesa_requests (time_out_hash);
-- The same money is not sent back twice at once.
create unique index mpesa_requests_open on mpesa_requests (provider_id, receipt) where kind = 'reversal' and state in ('made', 'taken', 'unknown');
create index mpesa_requests_receipt on mpesa_requests (provider_id, receipt, created_at);
create index mpesa_requests_latest on mpesa_requests (provider_id, kind, purpose, created_at, id);

do $$
declare name text;
begin
    foreach name in array array['mpesa_operators', 'mpesa_requests']
    loop
        execute format('alter table %I enable row level security', name);
        execute format('alter table %I force row level security', name);
        execute format('create policy tenancy on %I using (provider_id = tenant() or scope() = ''platform'')', name);
    end loop;
end $$;

grant select, insert, update, delete on mpesa_operators to mnara_app;
grant select, insert, update on mpesa_requests to mnara_app;
