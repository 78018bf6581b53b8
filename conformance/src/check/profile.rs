//! Named sets of checks that are closed: inside one nothing may be left out, so that passing means the same for everyone.

use std::fmt;

use super::{Check, Edition, Known, Level, Need};

/// Declares [`Profile`]: one line each with its word in reports and what it is for.
macro_rules! profiles {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $about:literal;)+) => {
        /// A named set of checks in which nothing may be left out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Profile {
            $($(#[$doc])* $name,)+
        }

        impl Profile {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// As it is called in reports.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// What it is for, in some words.
            pub const fn about(self) -> &'static str {
                match self { $(Self::$name => $about,)+ }
            }
        }
    };
}

profiles! {
    /// The first questions, in a second.
    Smoke = "smoke", "the first questions, in a second";
    /// The MUSTs of STOW-RS, QIDO-RS, WADO-RS and the JSON model.
    CoreWeb = "core-web", "what every DICOMweb archive must do";
    /// The MUSTs of the upper layer, C-ECHO, C-STORE, C-FIND and C-MOVE.
    CoreDimse = "core-dimse", "what every DIMSE archive must do";
    /// C-GET.
    QrGet = "qr-get", "retrieval with C-GET";
    /// Both protocols tell the same story.
    Consistency = "consistency", "both protocols tell the same story";
    /// Aligned with IHE RAD-108.
    IheWic = "ihe-wic", "aligned with (not certified for) IHE Web Image Capture: store, RAD-108";
    /// Aligned with IHE RAD-107 and RAD-129.
    IheWia = "ihe-wia", "aligned with (not certified for) IHE Web-based Image Access: RAD-107, RAD-129";
    /// Aligned with IHE RAD-14 and RAD-16.
    IheQr = "ihe-qr", "aligned with (not certified for) IHE query and retrieve: RAD-14, RAD-16";
    /// Pictures over HTTP.
    Rendered = "rendered", "pictures over HTTP";
    /// Storage commitment.
    Commitment = "commitment", "storage commitment";
    /// Multipart and PDU edge cases.
    Robust = "robust", "multipart and PDU edge cases";
    /// Everything, as the edition 2024e has it, without warnings.
    Strict2024e = "strict-2024e", "everything that can be seen, by edition 2024e, without a warning";
    /// Everything, as the edition 2026a has it, without warnings.
    Strict2026a = "strict-2026a", "everything that can be seen, by edition 2026a, without a warning";
}

/// Reach, echo, one store, one search, one retrieval.
const SMOKE: [&str; 12] = [
    "web.msg.content-type",
    "stow.all.200",
    "stow.all.referenced-sop",
    "qido.set.exact",
    "qido.value.equals-stored",
    "wado.study.complete",
    "wado.meta.complete",
    "json.vr-present",
    "ul.accept",
    "echo.success",
    "store.success",
    "find.pending-then-success",
];

/// What the cores ask for; what else an archive may offer has profiles of its own, or only its checks.
const CORE: [Need; 10] = [
    Need::Dimse,
    Need::Echo,
    Need::CStore,
    Need::CFind,
    Need::CMove,
    Need::MoveDestination,
    Need::Web,
    Need::Store,
    Need::Search,
    Need::Retrieve,
];

/// MUSTs that neither reference archive meets, or that are met by hardly anybody: MUSTs they stay, but no core asks for them.
const RARELY_MET: [&str; 6] = [
    "find.optional-key-ff01",
    "find.sequence",
    "store.class-not-negotiated",
    "store.not-understood",
    "stow.all.location",
    "web.caps.options-200",
];

/// Whether a check is a MUST that hardly any archive meets.
pub(super) fn is_rarely_met(check: &Check) -> bool {
    RARELY_MET.contains(&check.id)
}

impl Profile {
    /// Whether a check belongs to it.
    pub fn contains(self, check: &Check) -> bool {
        let core = check.needs.iter().all(|need| CORE.contains(need)) && !is_rarely_met(check);
        let seen = check
            .needs
            .iter()
            .all(|need| need.known() == Known::Observed);
        let must = check.level == Level::Must;
        match self {
            Self::Smoke => SMOKE.contains(&check.id),
            Self::CoreWeb | Self::CoreDimse | Self::Robust => {
                core && check.profiles.contains(&self)
            }
            Self::QrGet => must && seen && check.group() == "get",
            Self::Consistency => must && seen && check.group() == "x",
            Self::IheWic => must && core && check.group() == "stow",
            Self::IheWia => must && core && matches!(check.group(), "qido" | "wado"),
            Self::IheQr => must && core && matches!(check.group(), "find" | "move"),
            Self::Rendered => must && seen && check.group() == "rend",
            Self::Commitment => must && seen && check.group() == "sc",
            Self::Strict2024e => seen && check.editions.contains(Edition::E2024e),
            Self::Strict2026a => seen && check.editions.contains(Edition::E2026a),
        }
    }

    /// The profiles that a check belongs to, in order.
    pub fn of(check: &Check) -> Vec<Self> {
        let all = Self::ALL.iter().copied();
        all.filter(|profile| profile.contains(check)).collect()
    }

    /// The edition that it is about, if not any.
    pub const fn edition(self) -> Option<Edition> {
        match self {
            Self::Strict2024e => Some(Edition::E2024e),
            Self::Strict2026a => Some(Edition::E2026a),
            _ => None,
        }
    }

    /// Whether a warning counts as a failure in it.
    pub const fn is_strict(self) -> bool {
        matches!(self, Self::Strict2024e | Self::Strict2026a)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How a profile ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileVerdict {
    /// Every check of it passed.
    Pass,
    /// One did not: also if it did not apply, or failed as a waiver expected.
    Fail,
    /// Not every check of it was in the run, and those that were passed.
    Incomplete,
}

impl ProfileVerdict {
    /// As in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Incomplete => "incomplete",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;

    #[test]
    fn every_profile_has_members_and_the_smoke_test_names_only_checks_that_exist() {
        for &profile in Profile::ALL {
            let members = catalogue::all().iter();
            let members = members.filter(|check| profile.contains(check)).count();
            assert!(members > 0, "{profile}");
        }
        for id in SMOKE.iter().chain(&RARELY_MET) {
            assert!(catalogue::find(id).is_some(), "{id}");
        }
    }

    #[test]
    fn no_profile_asks_for_what_has_to_be_claimed() {
        for check in catalogue::all() {
            let claimed = (check.needs.iter()).any(|need| need.known() != Known::Observed);
            assert!(!claimed || Profile::of(check).is_empty(), "{}", check.id);
        }
    }
}
