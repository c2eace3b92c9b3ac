-- What other mail systems reported about our mails, once a mail and kind: a report that comes twice counts once.
create table feedback (
    subscriber_id bigint not null references subscriber on delete cascade,
    -- The mail, or the nil UUID where the report names only its reader.
    mail_id uuid not null,
    kind text not null check (kind in ('failed', 'delayed', 'delivered', 'complaint')),
    -- The enhanced status (RFC 3463), where one was given.
    status text,
    note text not null,
    received_at timestamptz not null,
    primary key (subscriber_id, mail_id, kind)
);
