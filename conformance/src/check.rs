//! What a check is: an id, the clause it stands on, what it sends, what it accepts, and the fault that proves it.
//!
//! Everything but the function is data, so that the list, the reports and the reference page come from one place.

mod profile;

use std::fmt;
use std::pin::Pin;
use std::str::FromStr;

use crate::context::Context;
use crate::outcome::Verdict;

pub use profile::{Profile, ProfileVerdict};

/// One question to an archive.
#[derive(Debug)]
pub struct Check {
    /// Dotted name, never reused: `stow.partial.202`.
    pub id: &'static str,
    /// What a good archive does, in a few words.
    pub title: &'static str,
    /// Where that is written, the decisive clause first.
    pub clauses: &'static [Clause],
    /// How binding the clause is.
    pub level: Level,
    /// Without these the check does not apply.
    pub needs: &'static [Need],
    /// The editions of the standard in which the clause says so.
    pub editions: Editions,
    /// The core profiles and `robust`, where it is in one of them; [`Profile::contains`] knows the others too.
    pub profiles: &'static [Profile],
    /// The named fault of the mock archive under which it must fail.
    pub fault: &'static str,
    /// What goes over the wire.
    pub sends: &'static str,
    /// Every outcome that the clause allows.
    pub accepts: &'static str,
    /// The question itself.
    pub run: Run,
}

/// The function of a check.
pub type Run = for<'a> fn(&'a Context) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

impl Check {
    /// The part of the id before the first dot: `stow` of `stow.partial.202`.
    pub fn group(&self) -> &'static str {
        self.id.split_once('.').map_or(self.id, |(group, _)| group)
    }

    /// Whether it is a MUST that hardly any archive meets, which no core profile asks for.
    pub fn is_rarely_met(&self) -> bool {
        profile::is_rarely_met(self)
    }

    /// The clauses as a person reads them: `PS3.18 10.5.3.1, PS3.18 I.1`.
    pub fn clause_text(&self) -> String {
        let clauses: Vec<_> = self.clauses.iter().map(Clause::to_string).collect();
        clauses.join(", ")
    }
}

/// A place in the standard or in an RFC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Clause {
    /// `PS3.18`, `RFC 2046`.
    pub document: &'static str,
    /// `10.5.3.1`, `I.1`, `T10.6.3-3`.
    pub section: &'static str,
}

impl Clause {
    /// A clause of PS3.4, Service Class Specifications.
    pub const fn ps3_4(section: &'static str) -> Self {
        Self {
            document: "PS3.4",
            section,
        }
    }

    /// A clause of PS3.5, Data Structures and Encoding.
    pub const fn ps3_5(section: &'static str) -> Self {
        Self {
            document: "PS3.5",
            section,
        }
    }

    /// A clause of PS3.7, Message Exchange.
    pub const fn ps3_7(section: &'static str) -> Self {
        Self {
            document: "PS3.7",
            section,
        }
    }

    /// A clause of PS3.8, Network Communication Support.
    pub const fn ps3_8(section: &'static str) -> Self {
        Self {
            document: "PS3.8",
            section,
        }
    }

    /// A clause of PS3.3, Information Object Definitions.
    pub const fn ps3_3(section: &'static str) -> Self {
        Self {
            document: "PS3.3",
            section,
        }
    }

    /// A clause of PS3.10, Media Storage and File Format.
    pub const fn ps3_10(section: &'static str) -> Self {
        Self {
            document: "PS3.10",
            section,
        }
    }

    /// A clause of PS3.18, Web Services.
    pub const fn ps3_18(section: &'static str) -> Self {
        Self {
            document: "PS3.18",
            section,
        }
    }

    /// A page of the Model Context Protocol, revision 2025-11-25, as in `mcp("basic/transports")`.
    pub const fn mcp(section: &'static str) -> Self {
        Self {
            document: "MCP",
            section,
        }
    }

    /// A section of an RFC, as in `rfc("RFC 2046", "5.1.1")`.
    pub const fn rfc(document: &'static str, section: &'static str) -> Self {
        Self { document, section }
    }

    /// Whether a selector such as `PS3.18/10.5` means this clause or one above it.
    pub fn is_under(&self, selector: &str) -> bool {
        let compact = |text: &str| text.replace(' ', "").to_ascii_lowercase();
        let Some((document, section)) = selector.split_once('/') else {
            return false;
        };
        if compact(document) != compact(self.document) {
            return false;
        }
        let (section, own) = (compact(section), compact(self.section));
        own.strip_prefix(&section)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.document, self.section)
    }
}

/// How binding a clause is, and so what a broken one costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// "Shall": fails the run.
    Must,
    /// "Should": warns.
    Should,
    /// "May", but right if it is there: warns.
    May,
    /// No "shall" in DICOM, plain interoperability: warns, fails in a strict run.
    Interop,
}

impl Level {
    /// MUST, SHOULD, MAY or INTEROP.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
            Self::Interop => "INTEROP",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Declares [`Need`]: one line each with its word in reports, its door, and how it is known whether an archive has it.
macro_rules! needs {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $door:ident, $known:ident;)+) => {
        /// A capability that a check cannot do without.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Need {
            $($(#[$doc])* $name,)+
        }

        impl Need {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// As it is called in reports.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// Which of the two addresses of an archive it is reached by.
            pub const fn door(self) -> Door {
                match self { $(Self::$name => Door::$door,)+ }
            }

            /// How it is known whether an archive has it.
            pub const fn known(self) -> Known {
                match self { $(Self::$name => Known::$known,)+ }
            }
        }
    };
}

needs! {
    /// A DIMSE address that accepts associations.
    Dimse = "dimse", Dimse, Observed;
    /// C-ECHO as SCP.
    Echo = "echo", Dimse, Observed;
    /// C-STORE as SCP of CT images.
    CStore = "c-store", Dimse, Observed;
    /// C-FIND as SCP, Study Root.
    CFind = "c-find", Dimse, Observed;
    /// C-MOVE as SCP, Study Root.
    CMove = "c-move", Dimse, Observed;
    /// C-GET as SCP, Study Root.
    CGet = "c-get", Dimse, Observed;
    /// Storage commitment as SCP.
    Commit = "commit", Dimse, Observed;
    /// The archive knows the harness as a C-MOVE destination.
    MoveDestination = "move-destination", Dimse, Observed;
    /// A C-MOVE destination that is known under this AE title, and at whose address nobody listens.
    DeadDestination = "dead-destination", Dimse, Claimed;
    /// Associations that call it by another AE title are rejected.
    ChecksCalled = "checks-called", Dimse, Claimed;
    /// Associations of AE titles that it does not know are rejected.
    ChecksCalling = "checks-calling", Dimse, Claimed;
    /// So many associations at once (the value), and one more is rejected.
    MaxAssociations = "max-assoc", Dimse, Claimed;
    /// A connection without a request is closed after so many seconds.
    Artim = "artim", Dimse, Claimed;
    /// Associations need a user name and password, `NAME:SECRET`.
    UserIdentity = "user-identity", Dimse, Claimed;
    /// An instance whose Patient ID differs from its study's is stored under the study's, with a warning.
    Coerces = "coerces", Dimse, Claimed;
    /// No instance is taken from this AE title.
    Acl = "acl", Dimse, Claimed;
    /// Instances of more than so many bytes are refused for want of resources.
    Quota = "quota", Dimse, Claimed;
    /// Plain connections are refused where TLS is declared.
    Tls = "tls", Web, Claimed;
    /// A DICOMweb address at which somebody answers.
    Web = "web", Web, Observed;
    /// STOW-RS.
    Store = "store", Web, Observed;
    /// QIDO-RS.
    Search = "search", Web, Observed;
    /// Series and instances can be searched for across studies (PS3.18 10.6.1.1).
    Relational = "relational", Web, Observed;
    /// A search is answered in XML to those who ask for it.
    SearchXml = "search.xml", Web, Observed;
    /// Private attributes are matched.
    SearchPrivate = "search.private", Web, Observed;
    /// Names are matched to the letter only.
    NoFuzzy = "no-fuzzy", Web, Lacking;
    /// An answer to a search never has more than so many results (the value).
    Cap = "cap", Web, Claimed;
    /// WADO-RS.
    Retrieve = "retrieve", Web, Observed;
    /// Pictures of instances (PS3.18 10.4.1.1.3).
    Rendered = "rendered", Web, Observed;
    /// Small pictures of instances (PS3.18 10.4.1.1.4).
    Thumbnail = "thumbnail", Web, Observed;
    /// The capabilities document (PS3.18 8.9).
    Capabilities = "caps", Web, Observed;
    /// A store is answered in XML to those who ask for it.
    StoreXml = "store.xml", Web, Observed;
    /// STOW-RS of metadata and bulk data (PS3.18 10.5.1.4).
    StoreMetadata = "store.meta", Web, Observed;
    /// Deleting over HTTP is announced nowhere.
    NoDelete = "no-delete", Web, Observed;
    /// This SOP class is refused, over both protocols.
    SopClassLimit = "sopclass-limit", Web, Claimed;
    /// This transfer syntax is refused, over both protocols.
    TransferSyntaxLimit = "ts-limit", Web, Claimed;
    /// An instance whose Patient ID differs from its study's is refused.
    Consistency = "consistency", Web, Claimed;
    /// Private elements are not kept.
    Discards = "discards", Web, Claimed;
    /// An instance without what its SOP class demands is noticed.
    Validates = "validates", Web, Claimed;
    /// Instances, series and studies can be deleted over HTTP.
    Delete = "delete", Web, Claimed;
    /// An MCP server that answers `initialize`.
    Mcp = "mcp", Program, Observed;
    /// A tool that searches for a patient's studies.
    ToolStudies = "tool.studies", Program, Observed;
    /// A tool that tells the attributes of an instance or a series.
    ToolMetadata = "tool.metadata", Program, Observed;
    /// A tool that reads structured reports.
    ToolReport = "tool.report", Program, Observed;
    /// A tool that shows pictures.
    ToolPicture = "tool.picture", Program, Observed;
    /// A tool that stores files.
    ToolStore = "tool.store", Program, Observed;
    /// A tool that moves studies to another AE.
    ToolMove = "tool.move", Program, Observed;
    /// Tools that declare what their structured content is like.
    OutputSchema = "output-schema", Program, Observed;
    /// Log messages to the client.
    Logging = "logging", Program, Observed;
    /// An upload client that speaks STOW-RS.
    StowClient = "stow-client", Program, Observed;
    /// An upload client that speaks C-STORE.
    DimseClient = "c-store-client", Program, Observed;
}

/// How it is known whether an archive has a capability.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Known {
    /// The smoke run sees it.
    Observed,
    /// The smoke run sees it, of an archive that has not something which the embedded one has.
    Lacking,
    /// It has to be claimed for the archive: on the command line, or by whoever starts it.
    Claimed,
}

impl FromStr for Need {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().copied();
        known
            .into_iter()
            .find(|need| need.word() == word)
            .ok_or_else(|| format!("{word:?} is no capability"))
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The ways to what is judged: two into an archive, or a program's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    /// DICOMweb.
    Web,
    /// DIMSE.
    Dimse,
    /// A program that is started.
    Program,
}

/// An edition of the standard; the order is that of publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
pub enum Edition {
    /// The last one before CP-2473 changed the answer to a search without matches.
    #[value(name = "2024e")]
    E2024e,
    /// The current one.
    #[value(name = "2026a")]
    E2026a,
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::E2024e => "2024e",
            Self::E2026a => "2026a",
        })
    }
}

/// A range of editions.
#[derive(Clone, Copy, Debug)]
pub struct Editions {
    /// The first one, if not all from the beginning.
    pub since: Option<Edition>,
    /// The last one, if not all to the end.
    pub until: Option<Edition>,
}

impl Editions {
    /// Every edition.
    pub const ALL: Self = Self {
        since: None,
        until: None,
    };

    /// Whether the edition is in the range.
    pub fn contains(&self, edition: Edition) -> bool {
        self.since.is_none_or(|since| since <= edition)
            && self.until.is_none_or(|until| edition <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_is_selected_by_itself_and_by_what_is_above_it() {
        let clause = Clause::ps3_18("10.5.3.1");
        for selector in ["PS3.18/10.5.3.1", "PS3.18/10.5", "ps3.18/10"] {
            assert!(clause.is_under(selector), "{selector}");
        }
        for selector in [
            "PS3.18/1",
            "PS3.18/10.5.3.1.1",
            "PS3.4/10.5",
            "10.5.3.1",
            "PS3.18",
        ] {
            assert!(!clause.is_under(selector), "{selector}");
        }
        assert!(Clause::rfc("RFC 2046", "5.1.1").is_under("RFC2046/5.1"));
    }

    #[test]
    fn an_edition_range_includes_both_ends() {
        let until = Editions {
            since: None,
            until: Some(Edition::E2024e),
        };
        assert!(until.contains(Edition::E2024e));
        assert!(!until.contains(Edition::E2026a));
        assert!(Editions::ALL.contains(Edition::E2026a));
    }
}
