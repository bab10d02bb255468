-- A passkey may also prove once more who somebody is who is logged in. Such a ceremony is a person's and makes no key, so it has no name.
alter table ceremonies
    drop constraint ceremonies_check,
    add constraint ceremonies_named check (name is null or person_id is not null);
