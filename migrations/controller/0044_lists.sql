-- What lists and shares are read along, however many payments a business has.

-- Shares are of prompts, and a payment by hand is none.
drop index payments_outcome;
create index payments_outcome on payments (created_at) include (provider_id, status, push, result_code, failure, amount)
    where type = 'mpesa_customer_payment';
