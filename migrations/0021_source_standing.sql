-- How each source fares, day by day, and what it sent that could not be read.

-- Every day up to this one was asked for and is settled.
alter table source_state add column cursor date;

create table source_day (
    source text not null,
    day date not null,
    state text not null check (state in ('listed', 'quiet', 'late', 'failing')),
    -- When it came to be so.
    since timestamptz not null,
    primary key (source, day)
);

-- Items that could not be read, as they came, for as long as fetch.keep_rejects says.
create table source_reject (
    source text not null,
    -- SHA-256 of the payload: the same item is rejected at every fetch.
    digest bytea not null check (octet_length(digest) = 32),
    place text not null,
    reason text not null,
    payload text not null,
    first_seen_at timestamptz not null,
    last_seen_at timestamptz not null,
    primary key (source, digest)
);
create index source_reject_seen on source_reject (last_seen_at);

-- A stretch of past days being asked for by `paperlark fetch --since`; gone when all of it is done.
create table backfill (
    source text not null,
    -- What is asked of each day: what was listed on it, or what changed on it.
    mode text not null check (mode in ('listed', 'changed')),
    since date not null,
    done date[] not null default '{}',
    -- Where the day in hand broke off.
    cursor_day date,
    cursor text,
    started_at timestamptz not null,
    primary key (source, mode),
    check ((cursor_day is null) = (cursor is null))
);
