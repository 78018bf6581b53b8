//! What the benches share: an archive in a process of its own, uploads that nobody holds, and raw TCP to compare with.

pub mod process;
pub mod raw;
pub mod upload;

/// Bytes in a second, as people read it.
pub fn throughput(bytes: u64, took: std::time::Duration) -> String {
    let mib = bytes as f64 / (1024.0 * 1024.0);
    format!("{:.0} MiB/s", mib / took.as_secs_f64().max(1e-9))
}
