-- Since when somebody is an owner who was something else before; whoever came as one is that since they came.
alter table staff add column owner_since timestamptz;

-- Whoever asked somebody to join; none on the command line, and in rows of a program of before.
alter table invitations add column invited_by uuid references people;

-- Whoever was shown a link to hand on, and in which business; none where it went to whom it is for.
alter table resets add column made_by uuid references people;
alter table resets add column made_in uuid references providers;
alter table resets add constraint resets_made check ((made_by is null) = (made_in is null));
