use dicom_wire::uid::Uid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Choice, ContextAnswer, Moment, Negotiate};
use crate::rule::Scene;

/// Presentation contexts are answered otherwise than they should be.
///
/// On the wire: an A-ASSOCIATE-AC with another result for contexts that are refused, without a class that others have, with answers for the first so many only, or with a transfer syntax that the
/// peer did not offer. Small devices answer 64 contexts and no more; many archives say 1 (user rejection) for whatever they refuse. A good client looks up every context that it
/// proposed, uses only those that were accepted with a transfer syntax of its own offer, and offers what it needs in several associations if it has to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct AnswerContexts {
    /// Contexts of these abstract syntaxes are refused with `result`.
    pub of: Vec<String>,
    /// Contexts with this result get another one.
    pub instead_of: Option<u8>,
    /// The result that they get.
    pub result: u8,
    /// How many contexts are answered at all.
    pub at_most: Option<usize>,
    /// Refused contexts are not answered.
    pub refused: Refused,
    /// The transfer syntax of every accepted context.
    pub transfer_syntax: Option<String>,
}

/// Whether refused contexts are in the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Refused {
    /// They are.
    #[default]
    Answered,
    /// They are not.
    Dropped,
}

impl Fault for AnswerContexts {
    fn moment(&self) -> Moment {
        Moment::Negotiate
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Negotiate(negotiate) if matches!(negotiate.choice, Choice::Contexts(_)))
    }

    fn negotiate(&self, negotiate: &mut Negotiate<'_>) {
        let Choice::Contexts(contexts) = &mut negotiate.choice else {
            return;
        };
        let other = self.transfer_syntax.as_deref();
        let other = other.and_then(|text| Uid::parse(text).ok());
        for context in contexts.iter_mut() {
            let class = context.abstract_syntax.as_str();
            if self.of.iter().any(|uid| uid == class) {
                context.answer = ContextAnswer::Refused(self.result);
                continue;
            }
            match (&context.answer, &other) {
                (ContextAnswer::Refused(result), _) if Some(*result) == self.instead_of => {
                    context.answer = ContextAnswer::Refused(self.result);
                }
                (ContextAnswer::Accepted(_), Some(other)) => {
                    context.answer = ContextAnswer::Accepted(other.clone());
                }
                _ => {}
            }
        }
        if self.refused == Refused::Dropped {
            contexts.retain(|context| matches!(context.answer, ContextAnswer::Accepted(_)));
        }
        if let Some(most) = self.at_most {
            contexts.truncate(most);
        }
    }
}
