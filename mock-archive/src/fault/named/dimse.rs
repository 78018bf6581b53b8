//! Associations and DIMSE operations.

use super::Named;

named! {
    "move.stops-on-failure" => r#"{"when":{"service":"move"},"then":{"stop-on-failure":{}}}"#, "a C-MOVE gives up at the first failed sub-operation", ["move.mixed-b000"];
    "ul.one-pdv-only" => r#"{"when":{"service":"associate"},"then":{"first-pdv-only":{}}}"#, "the first PDV is taken for the whole message", ["ul.pdv.fragments"];
    "assoc.reject" => r#"{"when":{"service":"associate"},"then":{"reject-association":{}}}"#, "associations are rejected", [];
}
