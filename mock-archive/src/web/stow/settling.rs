//! What a request has judged and not kept yet: parts are judged in their order, and kept several at once.

use std::collections::VecDeque;
use std::io;
use std::mem;

use dicom_wire::stow::FailureReason;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::receipt::Account;
use crate::archive::{Judged, Judging};
use crate::web::Asked;

/// How many instances of a request, or groups of small ones, may be on their way to the disk at once: it takes several as fast as one.
const AT_ONCE: usize = 16;

/// A group of small instances has at most so many of them, and so many bytes.
const MOST: usize = 64;
const MOST_BYTES: u64 = 1024 * 1024;

/// In the order of the request: those on their way, then the group in hand.
pub(super) struct Settling<'a> {
    asked: &'a Asked,
    waiting: VecDeque<Waiting>,
    group: Group,
}

/// A verdict, or what will give one.
enum Waiting {
    Settled(Judged),
    Going(JoinHandle<io::Result<Judged>>),
    /// So many together.
    Several(usize, JoinHandle<Vec<Judged>>),
}

/// Small instances that are kept together. It is noted already what becomes of them: a client that vanishes does not make a lie of that.
#[derive(Default)]
struct Group {
    judged: Vec<Judging>,
    bytes: u64,
}

impl Group {
    fn keep(&mut self) -> Option<Waiting> {
        self.bytes = 0;
        let judged = mem::take(&mut self.judged);
        let keep = |judged: Vec<Judging>| {
            let count = judged.len();
            let keeping = tokio::task::spawn_blocking(|| Judging::settle_all(judged));
            Waiting::Several(count, keeping)
        };
        (!judged.is_empty()).then(|| keep(judged))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        drop(self.keep());
    }
}

impl<'a> Settling<'a> {
    pub(super) fn new(asked: &'a Asked) -> Self {
        Self {
            asked,
            waiting: VecDeque::new(),
            group: Group::default(),
        }
    }

    /// Whether nothing was judged since the account was last brought up to date.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && !self.has_group()
    }

    /// Whether small instances wait for others to be kept with.
    pub(super) fn has_group(&self) -> bool {
        !self.group.judged.is_empty()
    }

    /// Adds a verdict.
    pub(super) fn add(&mut self, judged: Judged) {
        match self.has_group() {
            true => self.group.judged.push(Judging::Done(judged)),
            false => self.waiting.push_back(Waiting::Settled(judged)),
        }
    }

    /// Adds a small instance to the group.
    pub(super) async fn add_small(&mut self, judging: Judging, bytes: u64, account: &mut Account) {
        self.group.judged.push(judging);
        self.group.bytes += bytes;
        if self.group.judged.len() >= MOST || self.group.bytes >= MOST_BYTES {
            self.keep_group();
            self.settle(AT_ONCE, account).await;
        }
    }

    /// Has one instance judged, and kept while the next one comes.
    pub(super) async fn add_alone(
        &mut self,
        judge: impl FnOnce() -> io::Result<Judging> + Send + 'static,
        account: &mut Account,
    ) {
        self.keep_group();
        self.settle(AT_ONCE - 1, account).await;
        let (tell, judged) = oneshot::channel();
        // One task for both, so that a client that vanishes between them does not leave the journal with a lie.
        let keeping = tokio::task::spawn_blocking(move || {
            let judging = judge()?;
            let _ = tell.send(());
            Ok(judging.settle())
        });
        // Parts are judged in their order; an error comes with the task's own result.
        let _ = judged.await;
        self.waiting.push_back(Waiting::Going(keeping));
    }

    /// Has the small instances in hand kept while the next ones come.
    pub(super) fn keep_group(&mut self) {
        self.waiting.extend(self.group.keep());
    }

    /// Brings the account up to date.
    pub(super) async fn settle_all(&mut self, account: &mut Account) {
        self.keep_group();
        self.settle(0, account).await;
    }

    /// Waits until at most so many are on their way.
    async fn settle(&mut self, left: usize, account: &mut Account) {
        while self.waiting.len() > left
            && let Some(first) = self.waiting.pop_front()
        {
            match first {
                Waiting::Settled(judged) => account.add(judged),
                Waiting::Going(keeping) => account.add(match keeping.await {
                    Ok(Ok(judged)) => judged,
                    Ok(Err(error)) => self.out_of_room(&error),
                    Err(_) => self.failed(),
                }),
                Waiting::Several(count, keeping) => match keeping.await {
                    Ok(judged) => judged.into_iter().for_each(|judged| account.add(judged)),
                    Err(_) => (0..count).for_each(|_| account.add(self.failed())),
                },
            }
        }
    }

    /// The verdict on an instance for which there is no room.
    pub(super) fn out_of_room(&self, error: &io::Error) -> Judged {
        self.refuse(
            FailureReason::OUT_OF_RESOURCES,
            format!("it cannot be kept: {error}"),
        )
    }

    fn failed(&self) -> Judged {
        self.refuse(
            FailureReason::PROCESSING_FAILURE,
            "the archive failed on it".to_owned(),
        )
    }

    /// The verdict on an instance that could not be read.
    pub(super) fn refuse(&self, reason: FailureReason, because: String) -> Judged {
        let Asked {
            archive, exchange, ..
        } = self.asked;
        archive.refuse_unread(exchange, reason, because)
    }
}
