//! The command line: what is typed, asked, shown and refused, in which project, and how kit is installed.

mod completions;
mod confirmations;
mod dispatch;
mod doctor;
mod help;
mod incidents;
mod init;
mod install;
mod interrupted;
mod json;
mod projects;
mod readme;
mod secrets;
mod security;
mod signals;
#[path = "../support/mod.rs"]
mod support;
mod walkthrough;
