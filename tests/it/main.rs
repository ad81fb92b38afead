//! The program from the outside: what a user types, and what they see, get and keep.

mod bounded;
mod clean;
#[cfg(unix)]
mod docs;
mod determinism;
mod explain;
mod faults;
mod formats;
mod helper;
mod hosts;
mod html;
mod input;
#[cfg(unix)]
mod interrupt;
mod keep;
mod passages;
mod phrases;
mod policy;
mod refusals;
mod report;
mod restore;
mod seeds;
mod settings;
mod telling;
mod template;
mod tune;
mod usage;
