//! The archive as its users meet it: over its sockets, its control API, its command line and its pages.

mod binary;
mod control_api;
mod docs;
mod support;
