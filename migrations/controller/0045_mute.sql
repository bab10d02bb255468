-- Since when a site's readings say that its router does not answer, as while an agent never had an answer and so never told that it lost it.
alter table site_samples add column mute_since timestamptz;
create index site_samples_mute on site_samples (mute_since) where mute_since is not null;
