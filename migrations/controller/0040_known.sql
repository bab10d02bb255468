-- A browser in which the second factor, or a passkey, was given: its tries at the second factor count apart from those of strangers who have the
-- password. Browsers known before this are known by the password.
alter table known_browsers add column by_second boolean not null default false;
