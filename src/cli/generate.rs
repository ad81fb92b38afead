//! `ghirbal completions` and `ghirbal man`: made from the command line itself.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Command;
use clap_complete::Shell;

use crate::cli::exit;
use crate::error::{Error, Result};

/// Prints what a shell needs to complete our options.
///
/// # Errors
/// When standard output fails.
pub fn completions(shell: Shell, mut command: Command) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, "ghirbal", &mut script);
    to_stdout(&script)
}

/// Prints the manual page, or writes one for each command into a folder.
///
/// # Errors
/// When standard output fails, or the folder cannot be written to.
pub fn man(folder: Option<&Path>, mut command: Command) -> Result<ExitCode> {
    command.build();
    let Some(folder) = folder else { return to_stdout(&page(command, "ghirbal")?) };
    let failed = |e| Error::io("write manual pages to", folder, e).hint("name a folder one can write to");
    std::fs::create_dir_all(folder).map_err(failed)?;
    for (name, command) in all(command, "ghirbal".to_owned()) {
        let path: PathBuf = folder.join(format!("{name}.1"));
        std::fs::write(&path, page(command, &name)?).map_err(failed)?;
    }
    Ok(ExitCode::from(exit::DONE))
}

/// A command and those below it, by the names of their pages.
fn all(command: Command, name: String) -> Vec<(String, Command)> {
    let below = command.get_subcommands().filter(|c| c.get_name() != "help").cloned().collect::<Vec<_>>();
    let below = below.into_iter().flat_map(|c| {
        let name = format!("{name}-{}", c.get_name());
        all(c, name)
    });
    let mut pages: Vec<_> = below.collect();
    pages.insert(0, (name, command));
    pages
}

fn page(command: Command, name: &str) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(command.name(name.to_owned()));
    man.render(&mut page).map_err(|e| Error::io("make the manual page", Path::new(name), e))?;
    Ok(page)
}

fn to_stdout(bytes: &[u8]) -> Result<ExitCode> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)
        .and_then(|()| out.flush())
        .map_err(|e| Error::io("write to", Path::new("standard output"), e))?;
    Ok(ExitCode::from(exit::DONE))
}
