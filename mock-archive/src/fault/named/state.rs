//! What the archive knows, and when.

use super::Named;

named! {
    "state.search-lag" => r#"{"when":{"service":"store"},"then":{"search-lag":{}}}"#, "what is stored is found a second later", [];
    "state.metadata-lag" => r#"{"when":{"service":"store"},"then":{"metadata-lag":{}}}"#, "metadata of what is stored is there a second later", [];
    "state.trickle" => r#"{"when":{"service":"store"},"then":{"trickle":{}}}"#, "instances of an upload become visible one a second", [];
    "state.clock-skew" => r#"{"then":{"clock-skew":{}}}"#, "the archive's clock is a day behind", [];
    "state.delete-lag" => r#"{"when":{"service":"delete"},"then":{"delete-lag":{}}}"#, "what is deleted is there a second longer", [];
    "state.merge-patient" => r#"{"then":{"merge-patients":{}},"often":"once"}"#, "the patient MERGED becomes the patient KEPT", [];
}
