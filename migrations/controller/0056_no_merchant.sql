-- Businesses pay the platform with its own account at Pesapal, so none has a merchant's id of its own: no program ever wrote or read it.

alter table providers drop column pesapal_merchant_id;
