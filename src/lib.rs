//! Paperlark: one beautiful email in the morning with the day's research papers that match what a
//! reader cares about.
//!
//! The modules in reading order: what a paper is and how filters find it, how a reader subscribes,
//! how a paper becomes mail, and how it all runs. ARCHITECTURE.md draws the picture.

pub mod address;
pub mod clock;
pub mod config;
pub mod feedback;
pub mod filter;
pub mod matching;
pub mod paper;
pub mod schedule;
mod strict;
pub mod text;
pub mod token;
mod wire;

pub mod archive;
pub mod books;
pub mod database;
pub mod digest;
pub mod inbound;
pub mod mail;
pub mod preview;
pub mod smtp;
pub mod source;
pub mod standing;
pub mod subscriber;

pub mod pipeline;
pub mod web;

mod app;
pub mod catcher;
pub mod cli;
pub mod demo;
pub mod run;
mod vitals;

/// Mails and answers are many small texts: this allocator makes them in about half the time of the C library's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub use app::App;
