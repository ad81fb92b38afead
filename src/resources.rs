//! How much memory and disk a run may take: what the machine has, what was asked for, whether it
//! suffices.
//!
//! Nothing here changes an answer, so none of it is a parameter.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::params::Scope;
use crate::pipeline::{Run, Stages};
use crate::scratch::free_bytes;
use crate::spill::Spill;
use crate::watch::expected_bytes;

/// Memory that a run takes whatever the corpus: the program, batches of records on their way, the
/// tables of words and lines.
const FIXED_BYTES: u64 = 160 << 20;

/// The same for passages across documents, which also take some twenty bytes a document.
const FIXED_ACROSS_BYTES: u64 = 208 << 20;

/// The least that can be asked for.
pub const MEMORY_MIN_BYTES: u64 = 256 << 20;

/// What a run may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resources {
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Where what does not fit goes.
    pub temp_dir: PathBuf,
}

/// What a run will need of the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Bytes of temporary files, at most in the usual case.
    pub needed_bytes: u64,
    /// Bytes that are free, where the system says.
    pub free_bytes: Option<u64>,
}

impl Resources {
    /// Memory as asked for, or else half of what the machine has.
    ///
    /// # Errors
    /// When that is less than [`MEMORY_MIN_BYTES`].
    pub fn new(memory_bytes: Option<u64>, temp_dir: PathBuf) -> Result<Self> {
        let memory_bytes = match memory_bytes {
            Some(bytes) if bytes < MEMORY_MIN_BYTES => {
                let (size, unit) = match bytes {
                    ..0x10_0000 => (format!("{bytes} bytes"), "; a number without a unit counts bytes"),
                    _ => (size(bytes), ""),
                };
                return Err(Error::usage(format!("{size} of memory are too little"))
                    .hint(format!("--memory {}M is the least{unit}", MEMORY_MIN_BYTES >> 20)));
            }
            Some(bytes) => bytes,
            None => machine_bytes(Path::new("/")).map_or(DEFAULT_BYTES, |bytes| bytes / 2).max(MEMORY_MIN_BYTES),
        };
        Ok(Self { memory_bytes, temp_dir })
    }

    /// The same run within these bounds, and what it needs of the disk if it will not fit in memory.
    ///
    /// # Errors
    /// When the folder for temporary files cannot be used, or has too little room.
    pub fn bound(self, run: Run) -> Result<(Run, Option<Disk>)> {
        let input_bytes = run.sources().iter().map(expected_bytes).fold(0, u64::saturating_add);
        let across = run.stages() == Stages::ALL && run.params().passages.scope == Scope::Corpus;
        let room_bytes = self.memory_bytes - if across { FIXED_ACROSS_BYTES } else { FIXED_BYTES };
        let disk = if spills(input_bytes, across, room_bytes) {
            let needed_bytes = disk_bytes(input_bytes, across);
            let free_bytes = free_bytes(&self.temp_dir)?;
            if let Some(free) = free_bytes.filter(|&free| free < needed_bytes) {
                return Err(Error::input(format!(
                    "this corpus does not fit in {} of memory, and needs about {} of disk; {} are free in",
                    size(self.memory_bytes),
                    size(needed_bytes),
                    size(free)
                ))
                .at(&self.temp_dir)
                .hint("name a folder with more room with --temp-dir, or raise --memory"));
            }
            Some(Disk { needed_bytes, free_bytes })
        } else {
            None
        };
        Ok((run.with_spill(Spill::new(self.temp_dir, room_bytes)), disk))
    }
}

/// Taken where the system does not say what it has.
const DEFAULT_BYTES: u64 = 2 << 30;

/// Whether some store outgrows its share. Word hashes do first: of a third of the room, at 8 bytes
/// a word of six bytes or more (11 in Arabic); across documents, 12 bytes a word of a sixth.
fn spills(input_bytes: u64, across: bool, room_bytes: u64) -> bool {
    input_bytes.saturating_mul(if across { 7 } else { 3 }) > room_bytes
}

/// Temporary files as measured, and half as much again: 0.9 bytes a byte of Arabic news (English
/// has more words a byte, lists more lines); across documents 2.4 of a corpus ten times the room, more
/// where memory is shorter.
fn disk_bytes(input_bytes: u64, across: bool) -> u64 {
    let (times, of) = if across { (5, 1) } else { (3, 2) };
    input_bytes.saturating_mul(times) / of
}

/// The memory of this machine, or of the control group this process runs in where that is less.
///
/// `root` is where the system's own files are looked for.
pub fn machine_bytes(root: &Path) -> Option<u64> {
    let total = fs::read_to_string(root.join("proc/meminfo")).ok().and_then(|text| meminfo_total(&text));
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    total.into_iter().chain(groups.lines().filter_map(|line| group_limit(root, line))).min()
}

/// `MemTotal:       24689696 kB`
fn meminfo_total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The least limit of a group and those it lies in. A line of `/proc/self/cgroup` reads
/// `0::/user.slice` in version 2, `4:memory:/docker/ab12` in version 1.
///
/// Inside a container the path may be the host's, and the group's files stand at the top.
fn group_limit(root: &Path, line: &str) -> Option<u64> {
    let mut parts = line.splitn(3, ':');
    let (_, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
    let (base, file) = match controllers {
        "" => (root.join("sys/fs/cgroup"), "memory.max"),
        v1 if v1.split(',').any(|c| c == "memory") => (root.join("sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
        _ => return None,
    };
    let groups = Path::new(path.trim_start_matches('/')).ancestors();
    // No limit is `max`, or a number near 2^63.
    let limit = |group: &Path| fs::read_to_string(base.join(group).join(file)).ok()?.trim().parse::<u64>().ok();
    groups.filter_map(limit).filter(|&bytes| bytes > 0).min()
}

/// Bytes of memory this process has in hand, where the system says.
pub fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Reads `512M`, `2G`, `1.5GiB`, or a number of bytes.
///
/// # Errors
/// What cannot be read as one.
pub fn parse_size(text: &str) -> std::result::Result<u64, String> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim().to_ascii_lowercase().trim_end_matches('b').trim_end_matches('i') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return Err("write a size as 512M or 2G".into()),
    };
    let number: f64 = number.parse().map_err(|_| "write a size as 512M or 2G".to_owned())?;
    Ok((number * (1u64 << shift) as f64) as u64)
}

/// A size for people: binary units, as memory is counted.
pub fn size(bytes: u64) -> String {
    let (shift, unit) = if bytes < 10 << 30 { (20, "MiB") } else { (30, "GiB") };
    format!("{} {unit}", bytes.div_ceil(1 << shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a machine with these files has.
    fn check(files: &[(&str, &str)], expect: Option<u64>) {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        assert_eq!(machine_bytes(root.path()), expect);
    }

    const MEMINFO: (&str, &str) = ("proc/meminfo", "MemTotal:       4096 kB\nMemFree:        1024 kB\n");

    #[test]
    fn the_least_of_machine_and_control_groups_counts() {
        check(&[], None);
        check(&[MEMINFO], Some(4096 << 10));
        let v2 = ("proc/self/cgroup", "0::/a/b\n");
        check(&[MEMINFO, v2, ("sys/fs/cgroup/a/b/memory.max", "max\n")], Some(4096 << 10));
        check(&[MEMINFO, v2, ("sys/fs/cgroup/a/memory.max", "1048576\n")], Some(1 << 20));
        let outer = ("sys/fs/cgroup/a/memory.max", "2048\n");
        check(&[MEMINFO, v2, outer, ("sys/fs/cgroup/a/b/memory.max", "4096\n")], Some(2048));
        check(&[MEMINFO, v2, ("sys/fs/cgroup/memory.max", "8192\n")], Some(8192));
    }

    #[test]
    fn version_1_groups_are_understood() {
        let v1 = ("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/docker/ab\n1:name=systemd:/y\n");
        let limit = |path, text| [MEMINFO, v1, (path, text)];
        check(&limit("sys/fs/cgroup/memory/docker/ab/memory.limit_in_bytes", "65536\n"), Some(65536));
        check(&limit("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"), Some(4096 << 10));
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let cases = [("512M", 512 << 20), ("2G", 2 << 30), ("1.5 GiB", 3 << 29), ("1000", 1000), ("64kb", 64 << 10)];
        cases.iter().for_each(|&(text, bytes)| assert_eq!(parse_size(text), Ok(bytes), "{text}"));
        ["", "G", "2 apples", "-1G"].iter().for_each(|text| assert!(parse_size(text).is_err(), "{text}"));
    }

    #[test]
    fn too_little_memory_is_refused() {
        let refused = Resources::new(Some(1 << 20), PathBuf::new()).unwrap_err().to_string();
        assert!(refused.contains("1 MiB of memory") && refused.ends_with("--memory 256M is the least"), "{refused}");
        let refused = Resources::new(Some(5), PathBuf::new()).unwrap_err().to_string();
        assert!(refused.contains("5 bytes of memory") && refused.ends_with("without a unit counts bytes"), "{refused}");
    }
}
