-- In which order a reader wants the papers of each filter.
alter table subscriber add column ranking text not null default 'relevance'
    check (ranking in ('relevance', 'trending', 'newest'));
