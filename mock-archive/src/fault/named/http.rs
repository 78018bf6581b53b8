//! HTTP itself, whatever the resource, and credentials.

use super::Named;

named! {
    "http.status" => r#"{"when":{"protocol":"web"},"then":{"http-status":{"status":503}}}"#, "requests get a status and nothing is done", [];
}
