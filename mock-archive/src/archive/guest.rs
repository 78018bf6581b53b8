//! Connections that are open, and what shall be done to them.

use std::sync::atomic::Ordering;

use super::Archive;
use crate::moment::{Connect, Habits, Line};
use crate::request::Protocol;
use crate::rule::Scene;

/// A connection among those that are open; one fewer when dropped.
#[derive(Debug)]
pub(crate) struct Guest(Archive);

impl Archive {
    /// A connection was accepted: its number, what the socket layer shall do to it, and its place among those that are open.
    pub(crate) fn connect(&self, protocol: Protocol) -> (Connect, Guest) {
        let number = self.shared.connections.fetch_add(1, Ordering::Relaxed) + 1;
        let open = self.shared.guests.fetch_add(1, Ordering::Relaxed) + 1;
        let mut connect = Connect {
            protocol,
            number,
            open,
            line: Line {
                seed: self.policy().seed ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15),
                ..Line::default()
            },
            upper: Habits::default(),
        };
        self.state()
            .rules
            .pass(0, &mut Scene::Connect(&mut connect));
        (connect, Guest(self.clone()))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.0.shared.guests.fetch_sub(1, Ordering::Relaxed);
    }
}
