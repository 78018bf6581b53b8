use std::collections::BTreeSet;

use dicom_wire::stow::FailureReason;
use dicom_wire::uid::Uid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words::reason;
use super::{Fault, Reason};
use crate::archive::Verdict;
use crate::moment::{Choice, ContextAnswer, Judge, Moment, Negotiate};
use crate::rule::Scene;

/// Instances in these transfer syntaxes are not supported.
///
/// On the wire: with `at = "instance"` the instance is refused with C122 (PS3.18 I.2.2), over STOW-RS as a Failed SOP Sequence item, over C-STORE as the status.
/// With `at = "context"` the archive refuses the presentation context (result 4), or accepts another syntax it was offered; STOW-RS is as before. Azure, Google and
/// most older archives refuse some. A good client asks the capabilities first, offers several syntaxes, converts or sets aside what is refused, and does not try again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RefuseTransferSyntax {
    /// Transfer Syntax UIDs; none given = every one but the two uncompressed little endian ones.
    #[schemars(with = "BTreeSet<String>")]
    pub transfer_syntaxes: BTreeSet<Uid>,
    /// Failure reason.
    #[serde(with = "reason")]
    #[schemars(with = "Reason")]
    pub reason: FailureReason,
    /// Where it is noticed.
    pub at: Place,
}

/// Where an unsupported transfer syntax is noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// When the instance has arrived.
    #[default]
    Instance,
    /// When the association is negotiated.
    Context,
}

impl Default for RefuseTransferSyntax {
    fn default() -> Self {
        let reason = FailureReason::TRANSFER_SYNTAX_NOT_SUPPORTED;
        Self { transfer_syntaxes: BTreeSet::new(), reason, at: Place::default() }
    }
}

impl RefuseTransferSyntax {
    fn refuses(&self, syntax: &Uid) -> bool {
        if self.transfer_syntaxes.is_empty() {
            return !["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"].contains(&syntax.as_str());
        }
        self.transfer_syntaxes.contains(syntax)
    }
}

impl Fault for RefuseTransferSyntax {
    fn moment(&self) -> Moment {
        match self.at {
            Place::Instance => Moment::Judge,
            Place::Context => Moment::Negotiate,
        }
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        match scene {
            Scene::Judge(judge) => self.refuses(&judge.instance.transfer_syntax),
            Scene::Negotiate(negotiate) => match &negotiate.choice {
                Choice::Contexts(contexts) => contexts.iter().any(|context| context.offered.iter().any(|syntax| self.refuses(syntax))),
                Choice::Syntax { .. } | Choice::Acceptance(_) | Choice::Destination(_) => false,
            },
            _ => false,
        }
    }

    fn judge(&self, judge: &mut Judge<'_>) {
        judge.verdict = Verdict::Refused(self.reason);
    }

    fn negotiate(&self, negotiate: &mut Negotiate<'_>) {
        let Choice::Contexts(contexts) = &mut negotiate.choice else { return };
        for context in contexts.iter_mut() {
            if !matches!(&context.answer, ContextAnswer::Accepted(syntax) if self.refuses(syntax)) {
                continue;
            }
            context.answer = match context.offered.iter().find(|syntax| !self.refuses(syntax)) {
                Some(other) => ContextAnswer::Accepted(other.clone()),
                None => ContextAnswer::Refused(4),
            };
        }
    }
}
