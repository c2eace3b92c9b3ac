//! The whole service, tested through its front doors: pages, mails, the command line. Real
//! PostgreSQL, real SMTP.

mod support;

mod delivery;
mod managed;
mod mornings;
mod sources;
mod test_databases;
