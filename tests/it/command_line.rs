//! The program's commands, run as an operator runs them.

mod arxiv;
mod configuration;
mod digests;
mod fetching;
mod help;
mod readers;
mod serving;
mod sources;
