//! What a process costs.

use anyhow::{Context, Result};
use std::fs::read_to_string;
use std::time::Duration;

/// Ticks of /proc a second: USER_HZ, 100 on every Linux.
const TICKS: u64 = 100;
/// Bytes of a page on the machines that we measure on.
const PAGE: u64 = 4096;

/// Processor time of this process so far, user and system. Linux alone.
pub(crate) fn cpu() -> Result<Duration> {
    let stat = read_to_string("/proc/self/stat").context("processor time is measured on Linux alone")?;
    // The name of the process, in parentheses, may hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok()).context("a field of /proc/self/stat");
    // Fields 14 and 15 of proc(5); the first two are before the parenthesis.
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 1000 / TICKS))
}

/// Memory of this process, in bytes. Linux alone.
pub(crate) fn resident() -> Result<u64> {
    let statm = read_to_string("/proc/self/statm").context("memory is measured on Linux alone")?;
    let pages: u64 = statm.split(' ').nth(1).and_then(|f| f.parse().ok()).context("a field of /proc/self/statm")?;
    Ok(pages * PAGE)
}

/// Memory of this process, in MiB. Linux alone.
pub(crate) fn resident_mib() -> Result<f64> {
    Ok(resident()? as f64 / f64::from(1 << 20))
}

/// Files that this process has open. Linux alone.
pub(crate) fn open_files() -> Result<usize> {
    Ok(std::fs::read_dir("/proc/self/fd").context("files are counted on Linux alone")?.count())
}

/// Time that a process has had a processor, all its threads together, to the nanosecond.
pub(crate) fn on_cpu(process: u32) -> Result<Duration> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).context("processor time is measured on Linux alone")?;
    let mut all = Duration::ZERO;
    for thread in threads {
        let stat =
            read_to_string(thread?.path().join("schedstat")).context("this kernel keeps no statistics of its scheduler")?;
        let nanos = stat.split(' ').next().and_then(|f| f.parse().ok()).context("a field of schedstat")?;
        all += Duration::from_nanos(nanos);
    }
    Ok(all)
}

/// Memory of a process, in MiB: resident, and of that anonymous, which is its own and not pages of files.
pub(crate) fn memory_mib(process: u32) -> Result<(f64, f64)> {
    let text = read_to_string(format!("/proc/{process}/smaps_rollup")).context("memory is measured on Linux alone")?;
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|rest| rest.trim_end_matches("kB").trim().parse::<f64>().ok());
        kib.map(|kib| kib / 1024.0).with_context(|| format!("no {name} in smaps_rollup"))
    };
    Ok((field("Rss:")?, field("Anonymous:")?))
}
