-- Sealing anew goes through everything again and again while ENCRYPTION_KEY lists an older key: a process that was not restarted seals with that one.

alter table vault_keys
    -- When the pass that runs now, or ran last, began.
    add column pass_began_at timestamptz,
    -- How much it found that another key had sealed.
    add column found bigint not null default 0,
    -- When the last whole pass began, if it found nothing.
    add column clear_since timestamptz;
