-- A gift keeps which press of the button made it, so that a second press, or a page that is loaded again, gives no second voucher.

alter table gifts add column attempt_id uuid;
create unique index gifts_attempt on gifts (provider_id, attempt_id) where attempt_id is not null;
