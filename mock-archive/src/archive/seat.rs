//! How many associations there are at once.

use std::sync::atomic::Ordering;

use super::Archive;

/// A place among the associations that policy allows at once; free again when dropped.
#[derive(Debug)]
pub(crate) struct Seat(Archive);

impl Archive {
    /// A place for one more association; `None` if all are taken.
    pub(crate) fn seat(&self) -> Option<Seat> {
        let most = self.policy().max_associations.unwrap_or(usize::MAX);
        let one_more = |taken| (taken < most).then_some(taken + 1);
        self.shared
            .associations
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .ok()
            .map(|_| Seat(self.clone()))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.shared.associations.fetch_sub(1, Ordering::Relaxed);
    }
}
