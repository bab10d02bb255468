-- Since when a business has closed a site. It sells nothing any more and counts for no plan; what it sold stays in the books under its name.
alter table sites add column closed_at timestamptz;
