-- Whether money ever came by an M-PESA account is asked at each look at the home page until some has: without this, all payments of the business were read
-- for an account that was typed in today. The account stands in a settled payment once and for all, so a payment costs one entry.
create index payments_account on payments (provider_id, account_id) where status = 'success';
