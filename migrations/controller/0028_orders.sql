-- Orders at Pesapal: its names as anybody gives them, how soon it may be asked again, and until when a better plan was paid for.

alter table platform_orders
    -- Pesapal's own are UUIDs; those of whoever stands in for it may be anything.
    alter column tracking_id type text using tracking_id::text,
    add check (tracking_id ~ '^[A-Za-z0-9_.-]{1,64}$'),
    -- The rail's name as a notification gave it, for an order of which we have none of our own.
    add column hinted_id text check (hinted_id ~ '^[A-Za-z0-9_.-]{1,64}$'),
    -- Before that no notification has the rail asked.
    add column ask_after timestamptz,
    -- Until when the difference to a better plan was counted: what is bought after that stays on its own plan.
    add column upgrade_until timestamptz,
    add check (upgrade_until is null or is_upgrade);

alter table pesapal_addresses
    alter column ipn_id type text using ipn_id::text,
    add check (ipn_id ~ '^[A-Za-z0-9_.-]{1,64}$');

alter table subscription_entries
    -- As its order has it.
    add column upgrade_until timestamptz,
    add check (upgrade_until is null or what = 'upgraded');
