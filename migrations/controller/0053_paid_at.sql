-- When money by hand was paid, by M-PESA's clock. It may be told of long afterwards, and only this says whether it was paid while a prompt was on
-- the phone. Nothing where M-PESA told no time, and in rows from before: then it counts as paid when it came.
alter table payments add column paid_at timestamptz;
alter table unmatched add column paid_at timestamptz;
