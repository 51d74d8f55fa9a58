//! What this process costs.

use anyhow::{Context, Result};
use std::fs::read_to_string;
use std::time::Duration;

/// Ticks of /proc a second: USER_HZ, 100 on every Linux.
const TICKS: u64 = 100;
/// Bytes of a page on the machines that we measure on.
const PAGE: u64 = 4096;

/// Processor time of this process so far, user and system. Linux alone.
pub(super) fn cpu() -> Result<Duration> {
    let stat = read_to_string("/proc/self/stat").context("processor time is measured on Linux alone")?;
    // The name of the process, in parentheses, may hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<u64>().ok()).context("a field of /proc/self/stat");
    // Fields 14 and 15 of proc(5); the first two are before the parenthesis.
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 1000 / TICKS))
}

/// Memory of this process, in MiB. Linux alone.
pub(super) fn resident_mib() -> Result<f64> {
    let statm = read_to_string("/proc/self/statm").context("memory is measured on Linux alone")?;
    let pages: u64 = statm.split(' ').nth(1).and_then(|f| f.parse().ok()).context("a field of /proc/self/statm")?;
    Ok((pages * PAGE) as f64 / f64::from(1 << 20))
}
