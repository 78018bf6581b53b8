//! What the archive declares: legitimate variation between archives, as opposed to faults.
//!
//! Each policy is one line of the table below. From it come the field in Rust, the flag, the key in a policy file, and what `--help` and
//! `dicom-mock-archive policy` say about it: all with the same words.

mod changes;
mod destination;
mod field;
mod kinds;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use dicom_core::Tag;
use dicom_wire::ae::AeTitle;
use http::HeaderMap;

pub use changes::{PolicyChanges, PolicyError};
pub use destination::Destination;
pub use field::Field;
pub use kinds::{
    Accepts, Auth, Called, Delete, Discards, Duplicates, Edition, Extension, FaultHeader, Login,
    PatientConflict, Validation,
};

use crate::moment::Rejection;
use crate::tls::Authorities;
use words::Words;

macro_rules! policies {
    ($($group:literal: $($(#[doc = $doc:literal])+ $field:ident $name:literal: $type:ty = $default:expr, $value:literal;)*)*) => {
        /// What an archive says it does. The default accepts what the standard allows.
        ///
        /// ```
        /// use dicom_mock_archive::policy::{Duplicates, Policy, PolicyChanges};
        ///
        /// let by_field = Policy { duplicates: Duplicates::Replace, ..Policy::default() };
        /// let by_words = PolicyChanges::from_toml("duplicates = \"replace\"")?.over(Policy::default());
        /// assert_eq!(by_field.duplicates, by_words.duplicates);
        /// # Ok::<(), dicom_mock_archive::policy::PolicyError>(())
        /// ```
        #[derive(Clone, Debug)]
        pub struct Policy {
            $($($(#[doc = $doc])+ pub $field: $type,)*)*
        }

        impl Default for Policy {
            fn default() -> Self {
                Self { $($($field: $default,)*)* }
            }
        }

        impl Policy {
            /// All policies, in the order in which they are printed.
            pub const FIELDS: &[Field] = &[$($(Field {
                name: $name,
                group: $group,
                about: &[$($doc),+],
                value: $value,
                is_list: <$type as Words>::IS_LIST,
                read: |policy, words| <$type as Words>::read(words).map(|value| policy.$field = value),
                show: |policy| Words::show(&policy.$field),
            },)*)*];
        }
    };
}

policies! {
    "Policy":
    /// AE title of the archive.
    ae_title "ae-title": AeTitle = AeTitle::parse("MOCK").expect("MOCK is an AE title"), "AE";
    /// Edition of the standard where editions contradict each other.
    edition "edition": Edition = Edition::default(), "2024e|2026a";

    "Policy for storing":
    /// What happens to an instance that is stored already.
    duplicates "duplicates": Duplicates = Duplicates::default(), "keep|replace|reject[:REASON]";
    /// What happens to an instance of another patient than its study.
    patient_conflict "patient-conflict": PatientConflict = PatientConflict::default(), "accept|coerce|split|hide|reject[:REASON]";
    /// Attributes that every stored instance gets, with warning B000 where it had another value.
    coerce "coerce": BTreeMap<Tag, String> = BTreeMap::new(), "ATTRIBUTE=TEXT";
    /// What is thrown away of an instance, with warning B006.
    discards "discards": Discards = Discards::default(), "nothing|private";
    /// Whether an instance is noticed that lacks what its SOP class demands: with warning B007, or refused with A900.
    validation "validation": Validation = Validation::default(), "none|warn|reject";
    /// Transfer syntaxes that can be stored; others are refused with C122 and not accepted in a presentation context.
    transfer_syntaxes "transfer-syntaxes": Accepts = Accepts::Any, "any|UID,...|except:UID,...";
    /// SOP classes that can be stored; others are refused with 0122 and not accepted in a presentation context.
    sop_classes "sop-classes": Accepts = Accepts::Any, "any|UID,...|except:UID,...";
    /// Largest body of one store request over HTTP, in bytes; 413 above it.
    max_request_bytes "max-request-bytes": Option<u64> = None, "none|BYTES";
    /// Largest instance, in bytes; A700 above it.
    max_instance_bytes "max-instance-bytes": Option<u64> = None, "none|BYTES";
    /// Most bytes of all instances together; A700 for those that have no room.
    max_stored_bytes "max-stored-bytes": Option<u64> = None, "none|BYTES";
    /// How long what is stored is neither found nor retrieved.
    index_delay "index-delay": Duration = Duration::ZERO, "TIME";
    /// Whether studies, series and instances can be deleted over HTTP.
    delete "delete": Delete = Delete::default(), "refused|allowed";

    "Policy for searching":
    /// Number of matches returned to a search that names no limit.
    default_limit "default-limit": Option<usize> = None, "none|N";
    /// Largest number of matches returned to any search.
    max_limit "max-limit": Option<usize> = None, "none|N";

    "Policy for access":
    /// Credentials asked for over HTTP.
    auth "auth": Option<Auth> = None, "none|basic:USER:PASS|bearer:TOKEN";
    /// Who vouches for clients of an archive that speaks TLS: without a certificate of theirs there is no handshake.
    client_ca "client-ca": Option<Authorities> = None, "none|FILE";
    /// Calling AE titles that may open an association; others are rejected.
    known_callers "known-callers": Option<BTreeSet<AeTitle>> = None, "any|AE,...";
    /// Calling AE titles that may store; others are refused with 0124.
    storers "storers": Option<BTreeSet<AeTitle>> = None, "any|AE,...";
    /// Which called AE titles are taken: any, or the archive's own.
    called "called": Called = Called::default(), "any|own";
    /// Users that may open an association; where there is none, anyone, named or not.
    logins "logins": Vec<Login> = Vec::new(), "USER[:PASS]";
    /// How many associations there may be at once; one more is rejected for now.
    max_associations "max-associations": Option<usize> = None, "none|N";

    "Policy for associations":
    /// Where C-MOVE can send to, over TLS or not: tls://HOST:PORT?ca=FILE&certificate=FILE&key=FILE.
    destinations "destinations": BTreeMap<AeTitle, Destination> = BTreeMap::new(), "AE=[tls://]HOST:PORT";
    /// Extensions agreed to for C-FIND, C-MOVE and C-GET; without fuzzy, names match to the letter over HTTP too, with Warning 299.
    extensions "extensions": BTreeSet<Extension> = BTreeSet::from(Extension::ALL), "none|relational,combined,fuzzy";
    /// Largest PDU the archive receives, in bytes (PS3.8 D.1); 0 is no limit.
    max_pdu "max-pdu": u32 = 65_536, "BYTES";
    /// How often a report of storage commitment is tried on an association of the archive's own.
    commit_attempts "commit-attempts": u32 = 3, "N";
    /// How far apart these attempts are.
    commit_interval "commit-interval": Duration = Duration::from_secs(10), "TIME";

    "Policy for time and room":
    /// How long a connection may take to ask for an association, or to close after the last PDU (ARTIM, PS3.8 9.1.4).
    artim_timeout "artim-timeout": Duration = Duration::from_secs(30), "TIME";
    /// How long an association may be silent, between messages or inside one.
    idle_timeout "idle-timeout": Duration = Duration::from_secs(120), "TIME";
    /// How long an HTTP connection may take for the head of a request, or be silent between two.
    web_timeout "web-timeout": Duration = Duration::from_secs(30), "TIME";
    /// How many exchanges the journal has room for; the oldest go first.
    journal_limit "journal-limit": usize = 10_000, "N";
    /// How much of each exchange the journal has room for: instances, rules that acted and the like; the rest is counted.
    journal_notes "journal-notes": usize = 10_000, "N";
    /// Whether a request over HTTP may name faults for itself alone, in the header field Mock-Fault.
    fault_header "fault-header": FaultHeader = FaultHeader::default(), "ignored|allowed";
    /// Mixed into the seed of every rule that acts by chance.
    seed "seed": u64 = 0, "N";
}

impl Policy {
    /// Whether an HTTP request may pass; on refusal the value for WWW-Authenticate (PS3.18 8.5, RFC 9110 11.6.1).
    ///
    /// # Errors
    /// The challenge, if credentials are asked for and these are not they.
    pub fn authorize(&self, headers: &HeaderMap) -> Result<(), String> {
        let Some(auth) = &self.auth else {
            return Ok(());
        };
        let given = headers
            .get(http::header::AUTHORIZATION)
            .and_then(|v| v.to_str().ok());
        if given.is_some_and(|given| auth.matches(given)) {
            Ok(())
        } else {
            Err(auth.challenge().to_owned())
        }
    }

    /// Whether an association may be opened; on refusal the values of A-ASSOCIATE-RJ (PS3.8 9.3.4).
    ///
    /// # Errors
    /// Result 1, source 1, reason 7 for the called and 3 for the calling AE title.
    pub fn associate(
        &self,
        calling: Option<&AeTitle>,
        called: Option<&AeTitle>,
    ) -> Result<(), Rejection> {
        let own = |title: &AeTitle| *title == self.ae_title;
        if self.called == Called::Own && !called.is_some_and(own) {
            return Err(Rejection {
                result: 1,
                source: 1,
                reason: 7,
            });
        }
        match (&self.known_callers, calling) {
            (Some(known), Some(calling)) if !known.contains(calling) => Err(Rejection {
                result: 1,
                source: 1,
                reason: 3,
            }),
            _ => Ok(()),
        }
    }
}
