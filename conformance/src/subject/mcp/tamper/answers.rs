//! What faults make of messages of the server.

use serde_json::{Value, json};

use crate::subject::mcp::REVISIONS;

use super::requests::progress;
use super::{Fault, Flow, OWN, Tamper};

impl Tamper {
    /// What becomes of a message of the server.
    pub(super) fn answer(&mut self, mut message: Value, line: Vec<u8>) -> Flow {
        if message["id"] == OWN {
            return Flow::default();
        }
        if message.get("method").is_some() {
            return Flow::down(self.formed(&message, line));
        }
        let request = self.open.remove(&message["id"].to_string());
        let request = request.unwrap_or_default();
        let method = request["method"].as_str().unwrap_or_default();
        let before = message.clone();
        match method {
            "initialize" => self.greeting(&mut message, &request),
            "tools/list" => self.list(&mut message),
            "tools/call" => {
                if let Some(flow) = self.called(&mut message, &request) {
                    return flow;
                }
            }
            _ => {}
        }
        self.any(&mut message, method);

        let line = match message == before {
            true => line,
            false => message.to_string().into_bytes(),
        };
        let mut flow = Flow::down(self.formed(&message, line));
        if self.fault == Fault::PrintlnLog && method == "tools/call" {
            flow.to_client.insert(0, b"INFO asked the archive".to_vec());
        }
        if self.fault == Fault::PrettyJson {
            let pretty = format!("{message:#}");
            flow.to_client = pretty
                .lines()
                .map(|line| line.as_bytes().to_vec())
                .collect();
        }
        let token = &request["params"]["_meta"]["progressToken"];
        if self.fault == Fault::ProgressAfterResult && !token.is_null() {
            flow.to_client.push(progress(token, u64::MAX));
        }
        let says = match self.fault {
            Fault::LogUndeclared if method == "initialize" => Some("ready".to_owned()),
            Fault::LogsToken if method == "tools/call" => {
                Some(format!("asked with {}", self.extra.secret))
            }
            _ => None,
        };
        if let Some(text) = says {
            let params = json!({"level": "error", "data": text});
            let note =
                json!({"jsonrpc": "2.0", "method": "notifications/message", "params": params});
            flow.to_client.push(note.to_string().into_bytes());
        }
        if self.fault == Fault::BlockingLoop && !self.has_open_call() {
            for bytes in std::mem::take(&mut self.waiting) {
                let next = self.up(&bytes);
                flow.to_server.extend(next.to_server);
            }
        }
        flow
    }

    /// The same message in another form.
    fn formed(&self, message: &Value, line: Vec<u8>) -> Vec<u8> {
        match self.fault {
            Fault::Latin1 => {
                let text = message.to_string();
                let byte = |c: char| u8::try_from(u32::from(c)).unwrap_or(b'?');
                text.chars().map(byte).collect()
            }
            Fault::Truncate64k if line.len() > 1 << 16 => line[..1 << 16].to_vec(),
            _ => line,
        }
    }

    fn greeting(&self, message: &mut Value, request: &Value) {
        let Some(result) = message.get_mut("result") else {
            return;
        };
        let asked = request["params"]["protocolVersion"].clone();
        match self.fault {
            Fault::NoServerInfo => {
                result
                    .as_object_mut()
                    .map(|result| result.remove("serverInfo"));
            }
            Fault::EchoesAnyVersion => result["protocolVersion"] = asked,
            Fault::FixedVersion => {
                let at = REVISIONS.iter().position(|revision| asked == *revision);
                if let Some(at @ 1..) = at {
                    result["protocolVersion"] = json!(REVISIONS[at - 1]);
                }
            }
            Fault::DeclaresResources => result["capabilities"]["resources"] = json!({}),
            Fault::LogUndeclared => {
                let capabilities = result["capabilities"].as_object_mut();
                capabilities.map(|capabilities| capabilities.remove("logging"));
            }
            _ => {}
        }
    }

    fn list(&mut self, message: &mut Value) {
        let Some(tools) = message["result"]["tools"].as_array_mut() else {
            return;
        };
        self.lists += 1;
        let Some(first) = tools.first_mut() else {
            return;
        };
        match self.fault {
            Fault::SchemaNull => first["inputSchema"] = Value::Null,
            Fault::NameWithSpace => first["name"] = json!("find studies"),
            Fault::HashOrder => {
                let by = self.lists % tools.len();
                tools.rotate_left(by);
            }
            _ => {}
        }
    }

    /// What happens to the answer to a call; a flow in place of passing it on.
    fn called(&mut self, message: &mut Value, request: &Value) -> Option<Flow> {
        let failed = message.get("error").is_some() || message["result"]["isError"] == true;
        let says = |text: &str| json!({"content": [{"type": "text", "text": text}]});
        let finds = request["params"]["name"] == self.extra.finder;
        match self.fault {
            Fault::SwapsIds => match self.held.take() {
                Some(mut held) => {
                    let id = held["id"].take();
                    held["id"] = message["id"].take();
                    message["id"] = id;
                    let mut flow = Flow::reply(&held);
                    flow.to_client.push(message.to_string().into_bytes());
                    return Some(flow);
                }
                None if self.has_open_call() => {
                    self.held = Some(message.clone());
                    return Some(Flow::default());
                }
                None => {}
            },
            Fault::NoTimeout if failed => return Some(Flow::default()),
            Fault::ErrorAsSuccess if message["result"]["isError"] == true => {
                message["result"]["isError"] = json!(false);
            }
            Fault::UnknownToolOk if message["error"]["code"] == -32602 => {
                *message = json!({"jsonrpc": "2.0", "id": message["id"], "result": says("done")});
            }
            Fault::MalformedOk if message.get("error").is_some() => {
                *message = json!({"jsonrpc": "2.0", "id": message["id"], "result": says("done")});
            }
            Fault::PartialAsOk if self.writes(&request["params"]["name"]) => {
                *message = json!({"jsonrpc": "2.0", "id": message["id"], "result": says("done")});
            }
            Fault::NoneFound if finds && !failed => {
                message["result"] = says("No studies found.");
            }
            Fault::NoneIsError
                if finds && message["result"]["structuredContent"]["returned"] == 0 =>
            {
                message["result"]["isError"] = json!(true);
            }
            Fault::StructuredMissesField => {
                if let Some(object) = message["result"]["structuredContent"].as_object_mut() {
                    object.clear();
                }
            }
            Fault::TextDiffers if message["result"].get("structuredContent").is_some() => {
                message["result"]["content"] = says("Nothing.")["content"].take();
            }
            Fault::MimeLies => {
                let blocks = message["result"]["content"].as_array_mut();
                for block in blocks.into_iter().flatten() {
                    if block["mimeType"] == "image/png" {
                        block["mimeType"] = json!("image/jpeg");
                    } else if block["mimeType"] == "image/jpeg" {
                        block["mimeType"] = json!("image/png");
                    }
                }
            }
            Fault::NamesAscii => strip(&mut message["result"]),
            _ => {}
        }
        None
    }

    fn any(&self, message: &mut Value, method: &str) {
        match self.fault {
            Fault::StringifiesId if message["id"].is_number() => {
                message["id"] = json!(message["id"].to_string());
            }
            Fault::StringCode if message.get("error").is_some() => {
                message["error"]["code"] = json!(message["error"]["code"].to_string());
            }
            Fault::UnknownMethodResult
                if message["error"]["code"] == -32601 && method != "tools/call" =>
            {
                *message = json!({"jsonrpc": "2.0", "id": message["id"], "result": {}});
            }
            _ => {}
        }
    }
}

/// Takes what is not ASCII out of every text.
fn strip(value: &mut Value) {
    match value {
        Value::String(text) => text.retain(|c| c.is_ascii()),
        Value::Array(items) => items.iter_mut().for_each(strip),
        Value::Object(members) => members.values_mut().for_each(strip),
        _ => {}
    }
}
