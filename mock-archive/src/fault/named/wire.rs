//! The line under both protocols.

use super::Named;

named! {
    "wire.latency" => r#"{"then":{"delay":{"by":"1s"}}}"#, "everything is answered a second late", [];
    "cut" => r#"{"then":{"cut-body":{}}}"#, "answers stop before their end", [];
    "wire.reset" => r#"{"then":{"end-connection":{}}}"#, "connections are reset before anything is answered", [];
}
