-- What the sources brought: papers, their revisions, and the batches in which they arrived.

-- One row a paper, whatever sources carry it. `identity` is canonical: arxiv:…, doi:… or url:….
create table paper (
    id bigint generated always as identity primary key,
    identity text not null unique check (identity ~ '^(arxiv|doi|url):.'),
    revision integer not null check (revision >= 1),
    first_seen_at timestamptz not null
);

-- What was known of a paper at some time. Append-only: a digest names revisions, so a mail
-- rendered again after a crash is the same mail, whatever was learnt since.
create table paper_revision (
    paper_id bigint not null references paper on delete cascade,
    revision integer not null check (revision >= 1),
    facts jsonb not null,
    recorded_at timestamptz not null,
    primary key (paper_id, revision)
);

create index paper_revision_recorded on paper_revision (recorded_at);

alter table paper add constraint paper_current_revision
    foreign key (id, revision) references paper_revision (paper_id, revision)
    deferrable initially deferred;

-- Other identities of the same paper.
create table paper_alias (
    identity text primary key,
    paper_id bigint not null references paper on delete cascade
);

-- One row a fetch that brought something. Numbers become visible in order, because fetches are
-- stored one at a time; a reader's window is a half-open range of them.
create table batch (
    number bigint primary key check (number >= 1),
    source text not null,
    day date not null,
    backfill boolean not null,
    fetched_at timestamptz not null
);

-- What a batch brought for the first time: a paper never seen before, or a known one that a
-- curated source lists for the first time.
create table arrival (
    batch bigint not null references batch,
    paper_id bigint not null references paper on delete cascade,
    kind text not null check (kind in ('new', 'curated')),
    primary key (batch, paper_id),
    unique (paper_id, kind)
);

-- Which source listed a paper on which day, and where on its list.
create table listing (
    source text not null,
    day date not null,
    paper_id bigint not null references paper on delete cascade,
    rank integer not null check (rank >= 1),
    batch bigint not null references batch,
    primary key (source, day, paper_id)
);
create index listing_by_day on listing (day);
create index listing_by_paper on listing (paper_id);

-- How each source fares.
create table source_state (
    source text primary key,
    next_check_at timestamptz,
    last_success_at timestamptz,
    failures integer not null default 0 check (failures >= 0),
    last_error text
);

-- What a conditional request needs (RFC 9110 § 13), kept per address only once its answer is stored.
create table http_validator (
    source text not null,
    url text not null,
    etag text,
    last_modified text,
    items integer not null check (items >= 0),
    stored_at timestamptz not null,
    primary key (source, url),
    check (etag is not null or last_modified is not null)
);
