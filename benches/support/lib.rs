//! What the benches share: an archive in a process of its own, uploads that nobody holds, and raw TCP to compare with.

pub mod dimse;
pub mod filling;
pub mod http;
pub mod made;
pub mod process;
pub mod raw;
pub mod upload;

use std::time::{Duration, Instant};

/// Bytes in a second, as people read it.
pub fn throughput(bytes: u64, took: Duration) -> String {
    let mib = bytes as f64 / (1024.0 * 1024.0);
    format!("{:.0} MiB/s", mib / took.as_secs_f64().max(1e-9))
}

/// The median of how long something takes, of so many times.
///
/// # Errors
/// The first error of what is measured.
pub fn median<E>(times: usize, mut act: impl FnMut() -> Result<(), E>) -> Result<Duration, E> {
    median_of(times, || {
        let began = Instant::now();
        act()?;
        Ok(began.elapsed())
    })
}

/// The median of so many durations.
///
/// # Errors
/// The first error of what is measured.
pub fn median_of<E>(times: usize, act: impl FnMut() -> Result<Duration, E>) -> Result<Duration, E> {
    let mut took = std::iter::repeat_with(act)
        .take(times)
        .collect::<Result<Vec<_>, E>>()?;
    took.sort_unstable();
    Ok(took.get(times / 2).copied().unwrap_or_default())
}

/// A duration as people read it.
pub fn milliseconds(took: Duration) -> String {
    format!("{:.3} ms", took.as_secs_f64() * 1000.0)
}

/// Whether only a first look is wanted: `-- --test` or `-- --quick`.
pub fn is_quick() -> bool {
    std::env::args().any(|arg| arg == "--test" || arg == "--quick")
}
