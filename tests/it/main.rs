//! The program from the outside: what a user types, and what they see, get and keep.

mod bad;
mod bounded;
mod clean;
#[cfg(all(unix, feature = "tables"))]
mod compat;
#[cfg(unix)]
mod docs;
mod determinism;
#[cfg(unix)]
mod disk;
mod explain;
mod faults;
mod formats;
mod helper;
#[cfg(unix)]
mod hostile;
mod fuzzed;
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
mod remote;
mod report;
mod restore;
#[cfg(unix)]
mod resume;
mod seeds;
mod settings;
#[cfg(feature = "remote")]
mod stores;
mod telling;
mod template;
mod tune;
mod usage;
