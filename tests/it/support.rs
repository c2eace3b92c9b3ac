//! What the tests stand on.

pub mod database;
pub mod harm;
pub mod html;
pub mod hub;
pub mod papers;
pub mod process;
pub mod program;
pub mod raw;
pub mod service;
pub mod stand_in;
pub mod tables;
