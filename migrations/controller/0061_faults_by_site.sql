-- The books are compared with their rows at each site, so what differs is of one; of none for what was sold at none, and for what is of all.
alter table ledger_faults
    add column site_id uuid,
    drop constraint ledger_faults_pkey,
    add constraint ledger_faults_once unique nulls not distinct (provider_id, day, part, site_id),
    add foreign key (provider_id, site_id) references sites (provider_id, id);
