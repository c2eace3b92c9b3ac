-- Doubts are looked for with every batch: not among all that waits.
create index mail_uncertain on mail (next_attempt_at) where state = 'uncertain';
