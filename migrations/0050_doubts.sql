-- What it takes to settle a doubt: which bytes went to which relay and when, and what was heard of them since.

alter table mail
    -- What a welcome says of its reader's choices, as they were when it was queued.
    add column choices jsonb check (choices is null or kind = 'welcome'),
    -- The relay that was last given it, since when it may have it, and the SHA-256 of all its bytes.
    add column relay text,
    add column transmitted_at timestamptz,
    add column bytes_hash bytea check (octet_length(bytes_hash) = 32),
    -- Of unknown fate, and left for the operator.
    add column held boolean not null default false check (not held or state = 'uncertain');

-- What others say of a mail's fate; kept for some days, since it may be heard before the doubt arises.
create table report (
    mail_id uuid primary key,
    fate text not null check (fate in ('accepted', 'failed')),
    -- `webhook` speaks for the relay; `dsn` is a receiver's notice of delivery (RFC 3464); `worker` one whose lease was lost.
    source text not null check (source in ('webhook', 'dsn', 'worker')),
    reported_at timestamptz not null
);
create index report_reported_at on report (reported_at);
