-- Books are kept by day.
create index digest_day on digest (day) where kind = 'morning';

-- What the operator was told of, so that of many hosts one tells it, once.
create table alarm (
    name text primary key,
    raised_at timestamptz not null
);
