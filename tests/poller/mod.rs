//! What is fetched instead of pushed: mailboxes on a real mail server, long polls of a pretend platform.

mod bot_api;
mod house;
mod imap;
mod mail_server;
mod poison;
mod telegram;
