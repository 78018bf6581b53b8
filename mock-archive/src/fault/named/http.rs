//! HTTP itself, whatever the resource, and credentials.

use super::Named;

named! {
    "http.status" => r#"{"when":{"protocol":"web"},"then":{"http-status":{"status":503}}}"#, "requests get a status and nothing is done", [];
    "http.errors-200" => r#"{"when":{"protocol":"web"},"then":{"change-status":{"to":200}}}"#, "errors go out as 200, as from a proxy that masks them", [];
    "http.no-validators" => r#"{"when":{"protocol":"web"},"then":{"drop-headers":{"names":["etag","last-modified"]}}}"#, "answers have no entity tag", [];
    "caps.options-404" => r#"{"when":{"service":"capabilities"},"then":{"http-status":{"status":404,"body":"none"}}}"#, "there are no capabilities", ["web.caps.options-200"];
    "caps.wadl-wrong-base" => r#"{"when":{"service":"capabilities"},"then":{"base-url":{"base":"http://localhost:8042/dicom-web"}}}"#, "the capabilities name another base URL", ["web.caps.wadl-shape"];
    "caps.declares-missing-resource" => r#"{"when":{"service":"capabilities"},"then":{"change-body":{"find":"studies/{study}/metadata","value":"studies/{study}/comments"}}}"#, "the capabilities declare a resource that is not there", ["web.caps.declared-vs-observed"];
    "neg.absent-accept-200" => r#"{"when":{"service":"retrieve","protocol":"web"},"then":{"change-request":{"field":"accept","value":"*/*","if-absent":true}}}"#, "a request without Accept gets what there is", ["web.accept.absent-406"];
    "neg.unsupported-400" => r#"{"when":{"service":"retrieve","protocol":"web"},"then":{"change-status":{"of":[406],"to":400}}}"#, "what cannot be given is refused with 400", ["web.accept.unsupported-406"];
    "neg.search-ignores-accept" => r#"{"when":{"service":"search","protocol":"web"},"then":{"change-request":{"field":"accept","value":"application/dicom+json"}}}"#, "a search is answered in JSON whatever the client accepts", ["web.accept.search-unsupported-406"];
    "neg.wildcard-406" => r#"{"when":{"protocol":"web"},"then":{"change-request":{"field":"accept","find":"*/*","value":"application/x-nothing"}}}"#, "a client that accepts everything gets nothing", ["web.accept.wildcard-default"];
    "neg.ignores-q" => r#"{"when":{"service":"metadata"},"then":{"change-request":{"field":"accept","find":";q=0.","value":";p=0."}}}"#, "the first media type of Accept wins, whatever its quality", ["web.accept.q-order"];
    "neg.bad-member-500" => r#"{"when":{"protocol":"web","header":{"accept":"*;;*"}},"then":{"http-status":{"status":500}}}"#, "an Accept header with nonsense in it is an error", ["web.accept.invalid-member-ignored"];
    "neg.mixed-200" => r#"{"when":{"service":"retrieve","protocol":"web"},"then":{"change-request":{"field":"accept","find":", image/jpeg","value":""}}}"#, "of DICOM and rendered media types the first is given", ["web.accept.dicom-and-rendered-400"];
    "neg.unquoted-type-406" => r#"{"when":{"protocol":"web"},"then":{"limit-accept":{"without":["type=application/"]}}}"#, "a type without quotes is not understood", ["web.accept.type-quotes-equal"];
    "qido.unknown-param-400" => r#"{"when":{"service":"search","protocol":"web"},"then":{"refuse-parameters":{}}}"#, "a search with an unknown parameter is refused", ["web.query.unknown-ignored"];
    "qido.bad-value-200" => r#"{"when":{"service":"search","protocol":"web"},"then":{"change-status":{"of":[400],"to":200}}}"#, "a search with an invalid value is answered 200", ["web.query.invalid-value-400"];
    "http.405-no-allow" => r#"{"when":{"protocol":"web"},"then":{"drop-headers":{"names":["allow"]}}}"#, "a refused method comes without Allow", ["web.status.405-allow"];
    "http.deleted-200" => r#"{"when":{"service":"delete"},"then":{"http-status":{"status":204,"body":"none"}}}"#, "a deleted study is still there", ["web.status.gone-or-404"];
    "http.error-empty-body" => r#"{"when":{"protocol":"web"},"then":{"change-body":{"status":[400,404,405,406,409,413,415,500]}}}"#, "errors come without a body", ["web.status.error-has-report"];
    "http.no-content-type" => r#"{"when":{"protocol":"web"},"then":{"drop-headers":{"names":["content-type"]}}}"#, "answers do not say what they are", ["web.msg.content-type"];
    "http.charset-500" => r#"{"when":{"protocol":"web","header":{"accept-charset":"*"}},"then":{"http-status":{"status":500}}}"#, "a character set that is not known is an error", ["web.charset.unsupported-ignored"];
    "ext.delete-open" => r#"{"when":{"service":"delete"},"then":{"allow-delete":{}}}"#, "studies can be deleted although nothing says so", ["ext.delete.undeclared-405"];
    "http.error-json-as-text" => r#"{"when":{"protocol":"web"},"then":{"error-form":{"body":"{\"errorMessage\":\"{reason}\"}","content-type":"text/plain"}}}"#, "errors are JSON labelled as plain text", [];
    "http.two-content-types" => r#"{"when":{"protocol":"web"},"then":{"change-header":{"field":"content-type","value":"text/plain","twice":true}}}"#, "answers have two types", [];
    "http.html-200" => r#"{"when":{"protocol":"web"},"then":{"http-status":{"status":200,"body":"html"}}}"#, "a login page comes in place of every answer", [];
    "auth.deny" => r#"{"when":{"protocol":"web"},"then":{"http-status":{"status":403,"body":"text"}}}"#, "nobody may do anything", [];
    "http.no-head" => r#"{"when":{"protocol":"web","method":"HEAD"},"then":{"http-status":{"status":405,"body":"none"}}}"#, "HEAD is refused", [];
    "http.wrong-content-length" => r#"{"when":{"service":"metadata"},"then":{"misstate-length":{"by":10}}}"#, "metadata say that they are longer than they are", ["web.msg.length-framing"];
    "http.no-last-chunk" => r#"{"when":{"protocol":"web"},"then":{"break-chunks":{"how":"no-last"}}}"#, "answers in chunks end before their last one", [];
    "http.bad-chunk-size" => r#"{"when":{"protocol":"web"},"then":{"break-chunks":{"how":"bad-size"}}}"#, "the size of a chunk is no number", [];
    "http.dribble" => r#"{"when":{"protocol":"web"},"then":{"dribble":{"bytes":16}}}"#, "answers come in chunks of sixteen bytes", [];
    "http.version-1.0" => r#"{"when":{"protocol":"web"},"then":{"old-http":{}}}"#, "answers are in HTTP/1.0", [];
    "http.gzip-unasked" => r#"{"when":{"protocol":"web"},"then":{"encode-body":{"coding":"always"}}}"#, "answers are gzip for those who do not accept it", [];
    "http.gzip-claimed" => r#"{"when":{"protocol":"web"},"then":{"encode-body":{"coding":"claimed"}}}"#, "answers are said to be gzip and are not", [];
    "http.gzip-twice" => r#"{"when":{"protocol":"web"},"then":{"encode-body":{"coding":"twice"}}}"#, "answers are gzip within gzip", [];
    "http.rate-limit" => r#"{"when":{"protocol":"web"},"then":{"rate-limit":{"per-second":5.0,"burst":10}}}"#, "more than five requests a second get 429", [];
    "http.size-limit" => r#"{"when":{"service":"store","protocol":"web"},"then":{"limit-body":{"bytes":1048576,"when":"header"}}}"#, "uploads of more than a mebibyte get 413 at once", [];
    "http.size-limit-late" => r#"{"when":{"service":"store","protocol":"web"},"then":{"limit-body":{"bytes":1048576,"when":"end"}}}"#, "uploads of more than a mebibyte get 413 in the end", [];
    "http.redirect-loop" => r#"{"when":{"protocol":"web"},"then":{"redirect":{"status":307,"to":"same"}}}"#, "every request is sent to where it came", [];
    "http.redirect-other-host" => r#"{"when":{"protocol":"web"},"then":{"redirect":{"status":307,"to":"other-host"}}}"#, "every request is sent to another host", [];
    "http.redirect-login" => r#"{"when":{"protocol":"web"},"then":{"redirect":{"status":302,"to":"login"}}}"#, "every request is sent to a login page", [];
    "http.no-options" => r#"{"when":{"protocol":"web","method":"OPTIONS"},"then":{"http-status":{"status":405,"body":"none"}}}"#, "OPTIONS is refused", [];
    "auth.expire" => r#"{"when":{"protocol":"web"},"then":{"expire-credentials":{"after":null,"requests":3}}}"#, "credentials are good for three requests", [];
    "auth.late-401" => r#"{"when":{"service":"store","protocol":"web"},"then":{"late-status":{"status":401,"heard":"everything"}}}"#, "uploads are refused after all of them has come", [];
    "auth.early-401" => r#"{"when":{"service":"store","protocol":"web"},"then":{"late-status":{"status":401,"heard":"nothing"}}}"#, "uploads are refused before they have come", [];
    "auth.clock-behind" => r#"{"when":{"protocol":"web"},"then":{"judge-token-times":{"seconds":-300}}}"#, "tokens are good five minutes too late", [];
    "neg.accept-param-ignored" => r#"{"when":{"protocol":"web"},"then":{"change-parameter":{"name":"accept"}}}"#, "the accept parameter is overlooked", ["web.accept.query-parameter"];
}
