//! Behaviour of the crate as seen from outside.
