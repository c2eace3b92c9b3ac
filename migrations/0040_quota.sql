-- How many mails each relay with a daily quota was given, by all hosts together. The days are UTC's.
create table relay_day (
    relay text not null,
    day date not null,
    mails integer not null check (mails >= 0),
    primary key (relay, day)
);
