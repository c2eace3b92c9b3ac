-- The queue of mails. The rows are the queue; docs: ARCHITECTURE.md, "A mail's states".

create table mail (
    subscriber_id bigint not null references subscriber on delete cascade,
    id uuid not null,
    kind text not null check (kind in ('confirmation', 'welcome', 'digest', 'goodbye')),
    digest_id uuid,
    signup_id uuid,
    state text not null check (state in (
        'pending', 'claimed', 'transmitting', 'deferred', 'uncertain',
        'accepted', 'failed', 'superseded', 'expired', 'dead', 'suppressed')),
    -- Its fate was once unknown: only the same bytes may ever go out for it.
    doubtful boolean not null default false,
    -- The Date header; with the id it makes every rendering of this mail the same bytes.
    dated timestamptz not null,
    -- When it may next be taken up.
    next_attempt_at timestamptz not null,
    -- When it is no longer worth sending; null for digests, which the next digest supersedes.
    expires_at timestamptz,
    -- Counts claims; a worker whose fence is old may not write.
    fence bigint not null default 0,
    lease_until timestamptz,
    attempts integer not null default 0 check (attempts >= 0),
    render_failures integer not null default 0 check (render_failures >= 0),
    finished_at timestamptz,
    primary key (subscriber_id, id),
    foreign key (subscriber_id, digest_id) references digest (subscriber_id, id) on delete cascade,
    foreign key (subscriber_id, signup_id) references signup (subscriber_id, id) on delete cascade,
    unique (subscriber_id, digest_id),
    check ((digest_id is not null) = (kind = 'digest')),
    check ((signup_id is not null) = (kind = 'confirmation')),
    check ((lease_until is not null) = (state in ('claimed', 'transmitting'))),
    check ((finished_at is not null) =
        (state in ('accepted', 'failed', 'superseded', 'expired', 'dead', 'suppressed')))
);
create index mail_waiting on mail (next_attempt_at) where state in ('pending', 'deferred', 'uncertain');
create index mail_leased on mail (lease_until) where state in ('claimed', 'transmitting');
create index mail_expiring on mail (expires_at) where expires_at is not null and state in ('pending', 'deferred');
create index mail_unfinished on mail (subscriber_id) where finished_at is null;

-- What happened each time a mail was tried.
create table attempt (
    subscriber_id bigint not null,
    mail_id uuid not null,
    number integer not null check (number >= 1),
    ended_at timestamptz not null,
    outcome text not null check (outcome in ('accepted', 'deferred', 'failed', 'uncertain', 'unrenderable')),
    -- The SMTP reply code (RFC 5321 § 4.2), where there was a reply.
    code smallint,
    note text not null,
    primary key (subscriber_id, mail_id, number),
    foreign key (subscriber_id, mail_id) references mail (subscriber_id, id) on delete cascade
);

-- The relay's health, shared by all workers.
create table route (
    relay text primary key,
    failures integer not null check (failures >= 0),
    paused_until timestamptz not null,
    last_error text not null
);

-- The keys that have signed links, by fingerprint: a wrong key is told at start-up, not by readers.
create table signing_key (
    fingerprint text primary key,
    first_used_at timestamptz not null
);
