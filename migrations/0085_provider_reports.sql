-- Providers' webhooks tell of mails' fates too. Unlike the relay's own webhook, their silence means nothing.
alter table report drop constraint report_source_check;
alter table report add constraint report_source_check check (source in ('webhook', 'dsn', 'worker', 'provider'));
