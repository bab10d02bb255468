-- Since when somebody is an owner who was something else before; whoever came as one is that since they came.
alter table staff add column owner_since timestamptz;
