//! The archive as its users meet it: over its sockets, its control API, its command line and its pages.
#![allow(clippy::unwrap_used)]

mod binary;
mod coercion;
mod control_api;
mod crash;
mod dimse;
mod directory;
mod docs;
mod faults;
mod hostile;
mod journal;
mod policies;
mod recording;
mod scenarios;
mod search;
mod search_faults;
mod store;
mod storing;
mod support;
mod tls;
mod triggers;
mod validation;
mod web_bulk;
mod web_cache;
mod web_cors;
mod web_delete;
mod web_described;
mod web_faults;
mod web_gzip;
mod web_pictures;
mod web_qido;
mod web_stow;
mod web_uri;
mod web_wado;
mod web_zip;
mod wire_faults;
