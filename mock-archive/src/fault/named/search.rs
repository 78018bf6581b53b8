//! QIDO-RS and the DICOM JSON Model.

use super::Named;

named! {
    "qido.drop" => r#"{"when":{"service":"search"},"then":{"drop-row":{"index":-1}}}"#, "one match of a search is left out", [];
    "qido.drop-last" => r#"{"when":{"service":"search","protocol":"web"},"then":{"drop-row":{"index":-1}}}"#, "the last match of a search is left out", ["qido.set.exact"];
    "qido.replace-names" => r#"{"when":{"service":"search","protocol":"web"},"then":{"replace-values":{"attribute":"PatientName","value":"Replaced^Name"}}}"#, "each match has another patient name", ["qido.value.equals-stored"];
    "qido.offset-off-by-one" => r#"{"when":{"service":"search","protocol":"web"},"then":{"shift-offset":{"by":-1}}}"#, "a page begins one match too early", ["qido.page.offset-disjoint"];
    "qido.stale-instance-count" => r#"{"when":{"service":"search","protocol":"web"},"then":{"stale-count":{"attribute":"NumberOfStudyRelatedInstances","behind":1}}}"#, "the number of instances of a study is one behind", ["qido.count.study-instances"];
}
