//! HTTP itself, whatever the resource, and credentials.

use super::Named;

named! {
    "http.status" => r#"{"when":{"protocol":"web"},"then":{"http-status":{"status":503}}}"#, "requests get a status and nothing is done", [];
    "http.errors-200" => r#"{"when":{"protocol":"web"},"then":{"change-status":{"to":200}}}"#, "errors go out as 200, as from a proxy that masks them", [];
    "http.no-validators" => r#"{"when":{"protocol":"web"},"then":{"drop-headers":{"names":["etag","last-modified"]}}}"#, "answers have no entity tag", [];
}
