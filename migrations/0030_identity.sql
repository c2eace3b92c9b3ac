-- One paper, whatever brought it: rows that turn out to be one are joined, counts leave the revisions, and
-- history no longer arrives.

-- PubMed ids are identities too.
alter table paper drop constraint paper_identity_check;
alter table paper add constraint paper_identity_check check (identity ~ '^(arxiv|doi|pmid|url):.');

alter table paper
    -- The row that speaks for this one, since both were found to be one paper. What named this row still
    -- finds it: digests their revisions, sources its identity.
    add column merged_into bigint references paper check (merged_into <> id),
    -- A hash of the folded title, to find the same paper under another identity.
    add column title_key bigint,
    -- Counts change for weeks; as part of the revisions they would make a new one each day.
    add column upvotes bigint check (upvotes >= 0),
    add column comments bigint check (comments >= 0),
    add column github_stars bigint check (github_stars >= 0);
-- A changed count stays on its page.
alter table paper set (fillfactor = 90);
create index paper_title on paper (title_key) where title_key is not null and merged_into is null;
create index paper_merged on paper (merged_into) where merged_into is not null;
create index paper_alias_paper on paper_alias (paper_id);

update paper p
set upvotes = (r.facts ->> 'upvotes')::bigint,
    comments = (r.facts ->> 'comments')::bigint,
    github_stars = (r.facts ->> 'github_stars')::bigint
from paper_revision r
where r.paper_id = p.id and r.revision = p.revision;

-- A backfilled paper has not arrived: it still can, when a source lists it among the day's news.
delete from arrival using batch b where b.number = arrival.batch and b.backfill;
alter table arrival drop constraint arrival_kind_check;
-- `again`: it arrived under another identity, before both were known to be one paper.
alter table arrival add constraint arrival_kind_check check (kind in ('new', 'curated', 'again'));
alter table arrival drop constraint arrival_paper_id_kind_key;
create unique index arrival_once on arrival (paper_id, kind) where kind <> 'again';
create index arrival_by_paper on arrival (paper_id);

-- Every paper as it is now.
create view current_paper as
select p.id, p.revision, p.identity, r.facts, p.upvotes, p.comments, p.github_stars
from paper p
join paper_revision r on r.paper_id = p.id and r.revision = p.revision
where p.merged_into is null;

-- Counts the changes of the archive: equal numbers, equal papers and listings.
create table archive_version (
    number bigint not null check (number >= 0),
    only_row boolean primary key default true check (only_row)
);
insert into archive_version (number) values (0);
drop index paper_revision_recorded;
