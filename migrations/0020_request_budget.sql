-- Who may be asked next and when: one row a service, whatever its hosts and interfaces, shared by all
-- of ours. Times are this database's own, so that hosts whose clocks differ keep one pace.
create table request_budget (
    service text primary key,
    -- When the next request is due at an even pace.
    next_at timestamptz not null,
    -- The service asked for a pause, or refused: nobody asks before this.
    closed_until timestamptz,
    reason text,
    check ((closed_until is null) = (reason is null))
);
