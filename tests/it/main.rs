//! The whole service, tested through its front doors: pages, mails, the command line. Real
//! PostgreSQL, real SMTP.

mod support;

mod answers;
mod architecture;
mod board;
mod books;
mod browser;
mod chaos;
mod command_line;
mod consent;
mod crash;
mod crawl;
mod cut_off;
mod delivery;
mod demo;
mod doubts;
mod hooks;
mod hostile;
mod hostile_relay;
mod inbound;
mod maildev;
mod managed;
mod mornings;
mod outage;
mod pages;
mod postfix;
mod preferences;
mod queue_walk;
mod quiet_log;
mod relays;
mod search;
mod signatures;
mod sources;
mod ten_days;
mod test_databases;
mod tls;
