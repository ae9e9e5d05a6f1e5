//! Stories: the whole house on real services, seen from outside.

mod bad_input;
mod four_channels;
pub(crate) mod house;
mod mails;
mod one_person;
mod promises;
mod sweep;
mod threads;
