//! The client that made a call: told how far it is, asked where it may go, asked whether it is really meant.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use rmcp::model::{
    ElicitRequestParams, ElicitationAction, ElicitationSchema, ProgressNotificationParam,
    ProgressToken,
};
use rmcp::service::{Peer, RequestContext, RoleServer};

/// How long a person may think about a question.
const ANSWER: Duration = Duration::from_secs(300);

/// Who made the call, and how it wants to hear of its progress.
#[derive(Debug, Default)]
pub struct Client {
    peer: Option<Peer<RoleServer>>,
    token: Option<ProgressToken>,
    /// Whether progress is written to standard error.
    terminal: bool,
    /// The last progress told; it has to increase (MCP, progress).
    last: Mutex<f64>,
}

/// What a person said to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Yes.
    Given,
    /// No, or nothing.
    Refused,
    /// The client cannot ask: what the settings allow has to be enough.
    NotAsked,
}

impl Client {
    /// The client of a request.
    pub fn of(context: &RequestContext<RoleServer>) -> Self {
        Self {
            peer: Some(context.peer.clone()),
            token: context.meta.get_progress_token(),
            terminal: false,
            last: Mutex::default(),
        }
    }

    /// A person at a terminal, if standard error is one.
    pub fn terminal() -> Self {
        Self {
            terminal: std::io::stderr().is_terminal(),
            ..Self::default()
        }
    }

    /// Says how far the call is, where the client wants to know.
    pub async fn progress(&self, done: f64, total: Option<f64>, message: &str) {
        if self.terminal {
            let bar = total.map_or_else(String::new, |total| {
                let filled = ((done / total.max(1.0)) * 30.0).clamp(0.0, 30.0) as usize;
                format!("[{}{}] ", "#".repeat(filled), ".".repeat(30 - filled))
            });
            let end = if total.is_some_and(|total| done >= total) {
                "\n"
            } else {
                ""
            };
            eprint!("\r{bar}{message}{end}");
        }
        let (Some(peer), Some(token)) = (&self.peer, &self.token) else {
            return;
        };
        {
            let mut last = self
                .last
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if done <= *last {
                return;
            }
            *last = done;
        }
        let mut progress = ProgressNotificationParam::new(token.clone(), done);
        progress.total = total;
        progress.message = Some(message.to_owned());
        // A client that is gone ends the call elsewhere.
        let _ = peer.notify_progress(progress).await;
    }

    /// Runs `work`, which tells its progress into the channel that it is given.
    pub async fn watching<T>(
        &self,
        work: impl AsyncFnOnce(tokio::sync::watch::Sender<Progress>) -> T,
    ) -> T {
        let (sender, mut receiver) = tokio::sync::watch::channel(Progress::default());
        let work = work(sender);
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                Ok(()) = receiver.changed() => {
                    let now = receiver.borrow_and_update().clone();
                    self.progress(now.done, now.total, &now.message).await;
                }
            }
        }
    }

    /// The folders that the client works in; `None` where it does not say.
    #[expect(deprecated, reason = "clients of all revisions so far have roots")]
    pub async fn roots(&self) -> Option<Vec<PathBuf>> {
        let peer = self.peer.as_ref()?;
        peer.peer_info()?.capabilities.roots.as_ref()?;
        let listed = tokio::time::timeout(Duration::from_secs(5), peer.list_roots()).await;
        let roots = listed.ok()?.ok()?.roots;
        let folders = roots.iter().filter_map(|root| {
            let path = url::Url::parse(&root.uri).ok()?.to_file_path().ok()?;
            path.canonicalize().ok()
        });
        Some(folders.collect())
    }

    /// Asks the person whether this is meant.
    pub async fn confirm(&self, question: &str) -> Consent {
        let Some(peer) = &self.peer else {
            return Consent::NotAsked;
        };
        let can_ask = peer
            .peer_info()
            .is_some_and(|info| info.capabilities.elicitation.is_some());
        if !can_ask {
            return Consent::NotAsked;
        }
        let Ok(schema) = ElicitationSchema::builder().build() else {
            return Consent::NotAsked;
        };
        let asked = ElicitRequestParams::FormElicitationParams {
            meta: None,
            message: question.to_owned(),
            requested_schema: schema,
        };
        match tokio::time::timeout(ANSWER, peer.create_elicitation(asked)).await {
            Ok(Ok(answer)) if answer.action == ElicitationAction::Accept => Consent::Given,
            _ => Consent::Refused,
        }
    }
}

/// How far a call is.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Steps done.
    pub done: f64,
    /// Steps in all, where known.
    pub total: Option<f64>,
    /// What is being done, without anything of a patient.
    pub message: String,
}
