//! The whole service, tested through its front doors: pages, mails, the command line. Real
//! PostgreSQL, real SMTP.

mod support;

mod command_line;
mod delivery;
mod demo;
mod managed;
mod mornings;
mod sources;
mod test_databases;
