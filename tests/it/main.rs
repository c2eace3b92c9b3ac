//! The whole service, tested through its front doors: pages, mails, the command line. Real
//! PostgreSQL, real SMTP.

mod support;

mod architecture;
mod browser;
mod command_line;
mod crash;
mod delivery;
mod demo;
mod managed;
mod mornings;
mod sources;
mod ten_days;
mod test_databases;
