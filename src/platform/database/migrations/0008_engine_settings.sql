-- What the operator of a host has set for an engine, by variable; what is secret is only told to be set.
alter table engine_host add settings json not null default '{}';
