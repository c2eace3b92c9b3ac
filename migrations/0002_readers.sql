-- Who reads, what they ask for, and what they were sent.

create table subscriber (
    id bigint generated always as identity primary key,
    -- As its owner wrote it; `address_key` is the form that two spellings share.
    address text not null,
    address_key text not null unique,
    status text not null check (status in ('pending', 'active', 'unsubscribed')),
    paused boolean not null default false,
    time_zone text not null,
    hour smallint not null check (hour between 0 and 23),
    -- Bit 0 is Monday.
    weekdays smallint not null check (weekdays between 1 and 127),
    max_papers smallint not null check (max_papers between 1 and 100),
    send_when_empty boolean not null default false,
    -- The last batch a digest covered; null until the first digest.
    read_through bigint,
    next_due_at timestamptz,
    created_at timestamptz not null,
    confirmed_at timestamptz,
    check ((next_due_at is not null) = (status = 'active' and not paused)),
    check (status <> 'active' or confirmed_at is not null)
);
create index subscriber_due on subscriber (next_due_at) where next_due_at is not null;

create table filter (
    subscriber_id bigint not null references subscriber on delete cascade,
    position smallint not null check (position >= 1),
    name text not null check (name <> ''),
    query text not null check (query <> ''),
    primary key (subscriber_id, position)
);

-- A wish to subscribe, waiting for its owner to confirm it.
create table signup (
    subscriber_id bigint not null references subscriber on delete cascade,
    id uuid not null,
    queries text[] not null,
    time_zone text not null,
    hour smallint not null check (hour between 0 and 23),
    requested_at timestamptz not null,
    expires_at timestamptz not null check (expires_at > requested_at),
    confirmed_at timestamptz,
    primary key (subscriber_id, id)
);

-- Addresses that get no mail, whoever asks. Outlives the subscriber.
create table suppression (
    address_key text primary key,
    reason text not null check (reason in ('bounce', 'complaint', 'operator')),
    created_at timestamptz not null
);

-- One row a reader and morning, also where there was nothing to say.
create table digest (
    subscriber_id bigint not null references subscriber on delete cascade,
    id uuid not null,
    -- `morning` moves the reader's window; `requested` shows one day again and moves nothing.
    kind text not null check (kind in ('morning', 'requested')),
    due_at timestamptz not null,
    composed_at timestamptz not null,
    -- The reader's local day.
    day date not null,
    -- The half-open window of batches (after_batch, through_batch].
    after_batch bigint not null check (after_batch >= 0),
    through_batch bigint not null check (through_batch >= after_batch),
    -- Every paper in it, and how it is laid out.
    papers bigint[] not null,
    content jsonb not null,
    superseded_by uuid,
    primary key (subscriber_id, id)
);
-- A reader's windows follow one another, so no two may begin at the same batch.
create unique index digest_window on digest (subscriber_id, after_batch)
    where kind = 'morning' and superseded_by is null and through_batch > after_batch;
