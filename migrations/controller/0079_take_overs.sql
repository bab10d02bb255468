-- From this link on all are of one device: each came back from the one before it. An older link that still stands is another device's.
alter table agents add column device_since bigint not null default 0 check (device_since >= 0);
-- When links that stood lately lost their place to another device, whichever processes held the two.
alter table agents add column take_overs timestamptz[] not null default '{}';
