//! What faults make of messages on their way to the server.

use serde_json::{Value, json};

use super::{Fault, Flow, Tamper, own};

impl Tamper {
    /// What becomes of a message of the client.
    pub(super) fn request(&mut self, message: &Value, bytes: &[u8]) -> Flow {
        let method = message["method"].as_str().unwrap_or_default();
        let id = message.get("id");
        if self.fault == Fault::BlockingLoop && self.has_open_call() {
            self.waiting.push(bytes.to_vec());
            return Flow::default();
        }
        if let Some(replaced) = self.replaced(message, method) {
            return replaced;
        }
        if let Some(id) = id.filter(|id| !id.is_null()) {
            self.open.insert(id.to_string(), message.clone());
        }
        if method == "initialize" {
            self.greeted += 1;
        }
        let mut flow = Flow::up(bytes);
        match self.fault {
            Fault::ProgressUnasked
                if method == "tools/call"
                    && message["params"]["_meta"]["progressToken"].is_null() =>
            {
                flow.to_client.push(progress(&json!("unasked"), 1));
            }
            Fault::AnswersNotification if id.is_none() => {
                flow.to_client.push(result(&Value::Null, &json!({})));
            }
            Fault::CancelUnknownError if method == "notifications/cancelled" => {
                let error = json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32602, "message": "not running"}});
                flow.to_client.push(error.to_string().into_bytes());
            }
            Fault::ValidatesAfterCall if method == "tools/call" => {
                flow.to_server.insert(0, own(&self.extra.read));
            }
            Fault::ReadonlyLies
                if method == "tools/call" && !self.writes(&message["params"]["name"]) =>
            {
                flow.to_server.insert(0, own(&self.extra.write));
            }
            _ => {}
        }
        flow
    }

    /// Whether a tool is one of those that write.
    pub(super) fn writes(&self, tool: &Value) -> bool {
        self.extra.writers.iter().any(|writer| tool == writer)
    }

    pub(super) fn has_open_call(&self) -> bool {
        let mut open = self.open.values();
        open.any(|request| request["method"] == "tools/call")
    }

    /// What happens in place of passing the message on.
    fn replaced(&mut self, message: &Value, method: &str) -> Option<Flow> {
        let id = message.get("id");
        let value = id.unwrap_or(&Value::Null);
        let reply = |answer: &Value| Some(Flow::down(result(value, answer)));
        match self.fault {
            Fault::AcceptsNullId if id.is_some_and(Value::is_null) => reply(&json!({})),
            Fault::ServesBeforeInit if self.greeted == 0 && method == "tools/list" => {
                let schema = json!({"type": "object"});
                reply(&json!({"tools": [{"name": "early", "inputSchema": schema}]}))
            }
            Fault::PingBeforeInitError if self.greeted == 0 && method == "ping" => {
                let error = json!({"code": -32600, "message": "initialize first"});
                let answer = json!({"jsonrpc": "2.0", "id": value, "error": error});
                Some(Flow::reply(&answer))
            }
            Fault::InitUnvalidated
                if method == "initialize" && message["params"].get("clientInfo").is_none() =>
            {
                let asked = &message["params"]["protocolVersion"];
                let who = json!({"name": "lax", "version": "1"});
                reply(&json!({"protocolVersion": asked, "capabilities": {}, "serverInfo": who}))
            }
            Fault::ReinitResets if self.greeted > 1 && method != "initialize" && id.is_some() => {
                let error = json!({"code": -32600, "message": "initialize first"});
                let answer = json!({"jsonrpc": "2.0", "id": value, "error": error});
                Some(Flow::reply(&answer))
            }
            Fault::CursorIgnored
                if method == "tools/list" && message["params"].get("cursor").is_some() =>
            {
                let mut message = message.clone();
                message["params"] = json!({});
                self.open.insert(value.to_string(), message.clone());
                Some(Flow::up(format!("{message}\n").as_bytes()))
            }
            Fault::DiscoverCrash if method == "server/discover" => {
                self.dead = true;
                Some(Flow {
                    kill: true,
                    ..Flow::default()
                })
            }
            Fault::StatelessSilent if self.greeted == 0 && method == "tools/call" => {
                Some(Flow::default())
            }
            Fault::CancelIgnored if method == "notifications/cancelled" => Some(Flow::default()),
            Fault::DeclaresResources if method.starts_with("resources/") => {
                let error = json!({"code": -32601, "message": "no such method"});
                let answer = json!({"jsonrpc": "2.0", "id": value, "error": error});
                Some(Flow::reply(&answer))
            }
            Fault::EverythingIsFine if method == "tools/call" => {
                let text = "No studies found. Operation completed successfully.";
                reply(&json!({"content": [{"type": "text", "text": text}], "isError": false}))
            }
            Fault::EverythingFails if method == "tools/call" => {
                let text = "The archive could not be reached.";
                reply(&json!({"content": [{"type": "text", "text": text}], "isError": true}))
            }
            _ => None,
        }
    }
}

/// A result as a line.
fn result(id: &Value, result: &Value) -> Vec<u8> {
    let answer = json!({"jsonrpc": "2.0", "id": id, "result": result});
    answer.to_string().into_bytes()
}

/// Progress as a line.
pub(super) fn progress(token: &Value, progress: u64) -> Vec<u8> {
    let params = json!({"progressToken": token, "progress": progress});
    let note = json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params});
    note.to_string().into_bytes()
}
