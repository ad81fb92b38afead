//! How much memory a run may take, and where what does not fit goes.

use std::path::{Path, PathBuf};

use clap::Args;
use tracing::info;

use super::progress::Progress;
use crate::error::Result;
use crate::pipeline::Run;
use crate::resources::{Resources, parse_size, size};

/// How much memory a run may take.
#[derive(Args, Debug)]
pub struct ResourceOptions {
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
    /// Bounds a run, and says what it will need of the disk. `output` is what it writes.
    ///
    /// # Errors
    /// Too little memory, or too little room on the disk.
    pub fn bound(&self, run: Run, output: Option<&Path>, progress: &Progress) -> Result<Run> {
        // Many a system's folder for temporary files lies in memory, an output seldom does.
        let temp_dir = self.temp_dir.clone().or_else(|| output.and_then(existing_parent));
        let temp_dir = temp_dir.unwrap_or_else(std::env::temp_dir);
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

/// The folder that something stands in, or will.
fn existing_parent(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    path.ancestors().skip(1).find(|folder| folder.is_dir()).map(Path::to_path_buf)
}
