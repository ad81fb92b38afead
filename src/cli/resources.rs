//! What a run may take of this machine: threads, memory, and where what does not fit goes.

use std::path::{Path, PathBuf};

use clap::Args;
use tracing::info;

use super::progress::Progress;
use crate::error::{Error, Result};
use crate::pipeline::Run;
use crate::remote::is_url;
use crate::report::terminal::count;
use crate::resources::{Resources, parse_size, size};
use crate::scratch;

/// What a run may take of this machine; the answer is the same whatever it is.
#[derive(Args, Debug)]
pub struct ResourceOptions {
    /// Threads to work on; the answer is the same for any number [default: one a core]
    #[arg(long, value_name = "N", help_heading = "Resources")]
    threads: Option<usize>,
    /// Memory to use, such as 512M or 2G; what does not fit goes to temporary files [default: half of
    /// the machine's]
    ///
    /// The answer is the same for any amount.
    #[arg(long, value_name = "SIZE", value_parser = parse_size, help_heading = "Resources")]
    memory: Option<u64>,
    /// The folder for temporary files [default: beside the output, or the system's]
    #[arg(long, value_name = "DIR", help_heading = "Resources")]
    temp_dir: Option<PathBuf>,
}

impl ResourceOptions {
    /// Sets the number of threads of the whole process, and lets copies of what can be read only once go where the
    /// user said.
    ///
    /// # Errors
    /// When the threads cannot be started.
    pub fn start(&self) -> Result<()> {
        if let Some(folder) = &self.temp_dir {
            scratch::set_folder(folder);
        }
        let Some(threads) = self.threads else { return Ok(()) };
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .map_err(|e| Error::usage(format!("cannot start {threads} threads: {e}")).hint("give fewer with --threads"))
    }

    /// Bounds a run, and says what it will need of the disk. `output` is what it writes.
    ///
    /// # Errors
    /// Too little memory, or too little room on the disk.
    pub fn bound(&self, run: Run, output: Option<&Path>, progress: &Progress) -> Result<Run> {
        // Many a system's folder for temporary files lies in memory, an output seldom does.
        let (output, uploaded) = (output.filter(|o| !is_url(o)), output.is_some_and(is_url));
        let temp_dir = self.temp_dir.clone().or_else(|| output.and_then(existing_parent));
        let temp_dir = temp_dir.unwrap_or_else(std::env::temp_dir);
        if !progress.is_quiet() {
            self.announce_copies(&run, uploaded)?;
        }
        let resources = Resources::new(self.memory, temp_dir)?;
        let (memory, folder) = (resources.memory_bytes, resources.temp_dir.clone());
        let (run, disk) = resources.bound(run)?;
        info!(memory_bytes = memory, temp_dir = %folder.display(), "resources");
        if let Some(disk) = disk.filter(|_| !progress.is_quiet()) {
            let free = disk.free_bytes.map_or(String::new(), |free| format!(", where {} are free", size(free)));
            anstream::eprintln!(
                "this corpus may not fit in {} of memory: up to about {} of temporary files go to {}{free}",
                size(memory),
                size(disk.needed_bytes),
                folder.display()
            );
        }
        Ok(run)
    }
}

impl ResourceOptions {
    /// Says what stands on the disk because of URLs.
    fn announce_copies(&self, run: &Run, uploaded: bool) -> Result<()> {
        let sources = run.sources().iter().filter(|source| is_url(source.place()));
        let copies: Vec<u64> = sources.filter_map(|source| source.copy_len_bytes()).collect();
        let folder = scratch::folder();
        if !copies.is_empty() {
            let bytes = size(copies.iter().sum());
            anstream::eprintln!(
                "{} that cannot be read as a stream was copied to {}: {bytes}",
                count(copies.len() as u64, "object"),
                folder.display()
            );
        }
        if uploaded {
            let bytes = size(run.sources().iter().map(|source| source.len_bytes()).sum());
            let free = scratch::free_bytes(&folder)?;
            let free = free.map_or(String::new(), |free| format!(", where {} are free", size(free)));
            anstream::eprintln!("the output, about {bytes}, is made in {}{free}, then uploaded", folder.display());
        }
        Ok(())
    }
}

/// The folder that something stands in, or will.
fn existing_parent(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    path.ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_path_buf)
}
