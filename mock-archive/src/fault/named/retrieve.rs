//! WADO-RS: instances, metadata, bulk data, frames and rendered resources.

use super::Named;

named! {
    "wado.drops-last-part" => r#"{"when":{"service":"retrieve","protocol":"web"},"then":{"drop-instance":{"index":-1}}}"#, "the last instance of a retrieve is left out", ["wado.study.complete"];
    "wado.default-as-stored" => r#"{"when":{"service":"retrieve","protocol":"web"},"then":{"return-as-stored":{}}}"#, "a retrieve returns the stored transfer syntax unasked", ["wado.ts.default-explicit-le"];
    "wado.meta-index-only" => r#"{"when":{"service":"metadata"},"then":{"index-only-metadata":{}}}"#, "metadata holds what the archive indexes and nothing else", ["wado.meta.complete"];
}
