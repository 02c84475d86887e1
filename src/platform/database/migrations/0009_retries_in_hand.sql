-- How often a parked event was about to be tried again when the process it was tried in died.
alter table parked_event add in_hand integer not null default 0;
