use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::moment::{Form, Moment, Shape};
use crate::request::Scope;
use crate::rule::Scene;

/// A retrieve goes by only some of the UIDs that name what it is for.
///
/// On the wire: more than was asked for (the study where a series was), or something that is not where the path says it is (a series below another study), under
/// 200. Archives do it that look things up by the last UID alone, or by the first. A good client compares the UIDs of what comes with those it asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WidenScope {
    /// The levels whose UIDs are not looked at, as long as one is left.
    pub ignore: Vec<Ignored>,
}

/// A level of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ignored {
    /// Study Instance UID.
    Study,
    /// Series Instance UID.
    Series,
    /// SOP Instance UID.
    Instance,
}

impl Default for WidenScope {
    fn default() -> Self {
        Self {
            ignore: vec![Ignored::Series, Ignored::Instance],
        }
    }
}

impl WidenScope {
    fn widened(&self, scope: &Scope) -> Scope {
        let mut wide = scope.clone();
        for level in &self.ignore {
            let named = [&wide.study, &wide.series, &wide.instance];
            if named.iter().filter(|uid| uid.is_some()).count() < 2 {
                break;
            }
            match level {
                Ignored::Study => wide.study = None,
                Ignored::Series => wide.series = None,
                Ignored::Instance => wide.instance = None,
            }
        }
        wide
    }
}

impl Fault for WidenScope {
    fn moment(&self) -> Moment {
        Moment::Scope
    }

    fn concerns(&self, scene: &Scene<'_, '_>) -> bool {
        matches!(scene, Scene::Shape(Shape { form: Form::Scope(scope), .. }) if self.widened(scope) != **scope)
    }

    fn shape(&self, shape: &mut Shape<'_>) {
        if let Form::Scope(scope) = &mut shape.form {
            **scope = self.widened(scope);
        }
    }
}
