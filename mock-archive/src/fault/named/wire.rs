//! The line under both protocols.

use super::Named;

named! {
    "wire.latency" => r#"{"then":{"delay":{"by":"1s"}}}"#, "everything is answered a second late", [];
    "cut" => r#"{"then":{"cut-body":{}}}"#, "answers stop before their end", [];
    "wire.jitter" => r#"{"then":{"latency":{"of":"20ms","jitter":"30ms","spread":"long-tail"}}}"#, "everything the archive sends comes late, now and then by much", [];
    "wire.slow" => r#"{"then":{"bandwidth":{"bytes_per_second":65536}}}"#, "64 KiB a second pass each way", [];
    "wire.drip" => r#"{"then":{"slice":{"size":1,"vary":0}}}"#, "bytes pass one by one", [];
    "wire.pieces" => r#"{"then":{"slice":{}}}"#, "bytes pass in pieces of 1 to 13", [];
    "wire.stall" => r#"{"then":{"stall":{"after":100,"lasts":"10s"}}}"#, "answers stand still for ten seconds after 100 bytes", [];
    "wire.close" => r#"{"then":{"end-connection":{"manner":"close"}}}"#, "connections are closed before anything is answered", [];
    "wire.half-open" => r#"{"then":{"end-connection":{"after":100,"manner":"stall"}}}"#, "connections fall silent after 100 bytes and stay open", [];
    "wire.silent" => r#"{"then":{"end-connection":{"manner":"stall"}}}"#, "connections are accepted and nothing is ever answered", [];
    "wire.refuse" => r#"{"then":{"refuse-connection":{}}}"#, "connections are refused", [];
    "wire.restart" => r#"{"then":{"refuse-connection":{"down":"2s"}},"often":"once"}"#, "once, nobody listens on the port for two seconds", [];
    "wire.full" => r#"{"then":{"limit-connections":{"most":1,"manner":"stall"}}}"#, "a second connection at the same time is not served", [];
    "wire.idle-close" => r#"{"then":{"idle-close":{"after":"1s"}}}"#, "connections are closed when nothing passes for a second", [];
    "wire.garbage" => r#"{"then":{"garbage":{}}}"#, "connections begin with the greeting of another protocol", [];
    "tls.plain" => r#"{"then":{"tls-handshake":{"outcome":"plain"}}}"#, "the port for TLS is without", [];
    "tls.old-version" => r#"{"then":{"tls-handshake":{"outcome":"old-version"}}}"#, "no version of TLS in common", [];
    "tls.unknown-issuer" => r#"{"then":{"tls-handshake":{"outcome":"unknown-issuer"}}}"#, "the certificate is one that nobody vouches for", [];
    "tls.expired" => r#"{"then":{"tls-handshake":{"outcome":"expired"}}}"#, "the certificate has run out", [];
    "tls.wrong-host" => r#"{"then":{"tls-handshake":{"outcome":"wrong-host"}}}"#, "the certificate is another host's", [];
    "tls.client-certificate" => r#"{"then":{"tls-handshake":{"outcome":"client-certificate"}}}"#, "a certificate of the client is asked for and none is taken", [];
    "tls.silent" => r#"{"then":{"tls-handshake":{"outcome":"silent"}}}"#, "the handshake is never answered", [];
    "wire.reset" => r#"{"then":{"end-connection":{}}}"#, "connections are reset before anything is answered", [];
}
