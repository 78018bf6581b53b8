//! STOW-RS, and what is stored over either protocol.

use super::Named;

named! {
    "stow.all-ok-202" => r#"{"when":{"service":"store","protocol":"web"},"then":{"store-status":{"instead-of":200,"status":202}}}"#, "a store without any failure is answered 202", ["stow.all.200"];
    "stow.partial-200" => r#"{"when":{"service":"store","protocol":"web"},"then":{"store-status":{"instead-of":202,"status":200}}}"#, "a partial store is answered 200", ["stow.partial.202", "stow.status.agrees-with-body"];
    "stow.none-stored-200" => r#"{"when":{"service":"store","protocol":"web"},"then":{"store-status":{"instead-of":409,"status":200}}}"#, "a store of nothing is answered 200", ["stow.none.409"];
    "stow.409-with-stored" => r#"{"when":{"service":"store","protocol":"web"},"then":{"store-status":{"instead-of":202,"status":409}}}"#, "a partial store is answered 409", ["stow.status.agrees-with-body"];
    "stow.lose-one-silently" => r#"{"when":{"service":"store","number":1},"then":{"lose-instance":{}}}"#, "the first instance of a request is lost and stands in neither sequence", ["stow.partial.accounts-for-all"];
    "stow.claims-stored-but-not" => r#"{"when":{"service":"store"},"then":{"claim-stored":{}}}"#, "instances are said to be stored and are not kept", ["stow.partial.body-agrees-with-store"];
    "stow.fail" => r#"{"when":{"service":"store"},"then":{"refuse-instance":{"reason":"A700"}}}"#, "instances are refused for want of resources", [];
    "stow.fail-reason-0110" => r#"{"when":{"service":"store"},"then":{"refuse-instance":{"reason":"0110"}}}"#, "instances are refused with 0110, whatever is wrong", ["stow.fail.sop-class-0122"];
    "stow.fail-reason-9999" => r#"{"when":{"service":"store"},"then":{"refuse-instance":{"reason":"9999"}}}"#, "instances are refused with a reason that no standard knows", ["stow.fail.vocabulary"];
    "stow.unsupported" => r#"{"when":{"service":"store"},"then":{"refuse-transfer-syntax":{}}}"#, "compressed instances are refused with C122", [];
    "stow.ts-reject-0110" => r#"{"when":{"service":"store"},"then":{"refuse-transfer-syntax":{"reason":"0110"}}}"#, "compressed instances are refused with 0110", ["stow.fail.transfer-syntax-c122"];
    "stow.conflict" => r#"{"when":{"service":"store"},"then":{"patient-conflict":{"outcome":"reject","reason":"A778"}}}"#, "an instance of another patient than its study is refused with A778", [];
    "stow.conflict-splits-study" => r#"{"when":{"service":"store"},"then":{"patient-conflict":{"outcome":"split"}}}"#, "a study under two patients is listed twice", ["stow.conflict.patient-id"];
    "mp.matches-midline" => r#"{"when":{"service":"store","protocol":"web"},"then":{"boundary-anywhere":{}}}"#, "the boundary is taken for a delimiter inside a part", ["stow.mp.token-inside-pixels"];
}
