-- An index that only holds few mails looks cheap for any statement whose condition implies that they are in it, also for one
-- that knows the keys of its mails: it then reads all that is leased, or all that waits, for each of them. So these say what
-- they hold by columns that only the statements meant for them name.
drop index mail_leased;
create index mail_leased on mail (lease_until) where lease_until is not null;
drop index mail_waiting;
create index mail_waiting on mail (next_attempt_at) where finished_at is null and lease_until is null;
