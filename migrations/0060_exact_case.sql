-- `=RAG` kept the case where it had a capital letter. Now `=` takes any case and `==` keeps it: filters that were
-- written before go on meaning the same.

update filter
set query = regexp_replace(query, '(^|[\s(,;:|!-])=(["“”][^"“”]*[[:upper:]][^"“”]*["“”]|[^\s"“”(),;|=]*[[:upper:]][^\s"“”(),;|]*)', '\1==\2', 'g')
where query like '%=%';

update signup
set queries = (
    select array_agg(regexp_replace(query, '(^|[\s(,;:|!-])=(["“”][^"“”]*[[:upper:]][^"“”]*["“”]|[^\s"“”(),;|=]*[[:upper:]][^\s"“”(),;|]*)', '\1==\2', 'g') order by place)
    from unnest(queries) with ordinality as given (query, place)
)
where array_to_string(queries, ' ') like '%=%';
