//! The whole service, tested through its front doors: pages, mails, the command line. Real
//! PostgreSQL, real SMTP.

mod support;

mod architecture;
mod browser;
mod crash;
mod delivery;
mod managed;
mod mornings;
mod ten_days;
mod test_databases;
