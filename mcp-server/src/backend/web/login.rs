//! The Authorization header, whose token may have to be fetched, and fetched again.

use std::sync::Mutex;
use std::time::Duration;

use http::{HeaderValue, header};
use reqwest::RequestBuilder;

use crate::config::Credentials;
use crate::error::Failure;

/// The longest time that a command may take to print a token.
const COMMAND: Duration = Duration::from_secs(20);
/// The longest token that is taken.
const MAX_TOKEN: usize = 64 << 10;

/// Who asks.
#[derive(Debug)]
pub(super) struct Login {
    credentials: Credentials,
    header: Mutex<Option<HeaderValue>>,
}

impl Login {
    pub(super) fn new(credentials: &Credentials) -> Result<Self, Failure> {
        use base64::Engine as _;
        let header = match credentials {
            Credentials::Basic { user, password } => {
                let pair = format!("{user}:{password}");
                let text = base64::engine::general_purpose::STANDARD.encode(pair);
                Some(value(&format!("Basic {text}"))?)
            }
            Credentials::Bearer(token) => Some(value(&format!("Bearer {token}"))?),
            Credentials::None | Credentials::BearerFile(_) | Credentials::BearerCommand(_) => None,
        };
        Ok(Self {
            credentials: credentials.clone(),
            header: Mutex::new(header),
        })
    }

    /// The request with the header that proves who asks.
    pub(super) async fn sign(&self, request: RequestBuilder) -> Result<RequestBuilder, Failure> {
        let mut header = self.known();
        if header.is_none() && self.renew().await? {
            header = self.known();
        }
        Ok(match header {
            Some(value) => request.header(header::AUTHORIZATION, value),
            None => request,
        })
    }

    /// Fetches the token again, where there is a place to fetch it from.
    pub(super) async fn renew(&self) -> Result<bool, Failure> {
        let failed = |from: &str, reason: String| Failure::NoWay {
            doing: "fetch the token for the archive".to_owned(),
            reason: format!("{from}: {reason}"),
            setting: "check DICOMWEB_TOKEN_FILE or DICOMWEB_TOKEN_COMMAND".to_owned(),
        };
        let token = match &self.credentials {
            Credentials::None | Credentials::Basic { .. } | Credentials::Bearer(_) => {
                return Ok(false);
            }
            Credentials::BearerFile(path) => tokio::fs::read_to_string(path)
                .await
                .map_err(|error| failed("the file cannot be read", error.to_string()))?,
            Credentials::BearerCommand(command) => {
                let running = tokio::process::Command::new("sh")
                    .arg("-c")
                    .arg(command)
                    .stdin(std::process::Stdio::null())
                    .kill_on_drop(true)
                    .output();
                let done = tokio::time::timeout(COMMAND, running)
                    .await
                    .map_err(|_| {
                        failed(
                            "the command",
                            format!("not done after {} s", COMMAND.as_secs()),
                        )
                    })?
                    .map_err(|error| failed("the command cannot be run", error.to_string()))?;
                if !done.status.success() {
                    return Err(failed("the command", done.status.to_string()));
                }
                String::from_utf8_lossy(&done.stdout).into_owned()
            }
        };
        let token = token.trim();
        if token.is_empty() || token.len() > MAX_TOKEN {
            return Err(failed("the token", format!("it has {} bytes", token.len())));
        }
        let value = value(&format!("Bearer {token}"))?;
        *self.lock() = Some(value);
        Ok(true)
    }

    fn known(&self) -> Option<HeaderValue> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<HeaderValue>> {
        self.header
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn value(text: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Failure::argument(
            "DICOMWEB_TOKEN",
            "the token holds characters that no header can carry",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}
