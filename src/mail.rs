//! The mails: what they say ([`model`]), how they look ([`render`], `templates/mail`) and how they
//! go on the wire ([`message`]). Pure: the same model always gives the same bytes.

pub mod dkim;
mod helpers;
pub mod message;
pub mod model;
mod printed;
pub mod queue;
pub mod render;
pub mod sample;
mod subject;
mod text;
mod view;

pub use printed::{Body, Common, Printed, PrintedCard};

#[cfg(test)]
mod tests;
