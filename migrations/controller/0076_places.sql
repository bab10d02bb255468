-- Since when somebody is an owner who was something else before; whoever came as one is that since they came.
alter table staff add column owner_since timestamptz;

-- Whoever asked somebody to join; none on the command line, and in rows of a program of before.
alter table invitations add column invited_by uuid references people;
