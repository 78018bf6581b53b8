//! What a check works with.

use std::str::FromStr;
use std::sync::Arc;

use crate::check::{Check, Edition, Need};
use crate::data::Data;
use crate::identity::{Dice, Identity};
use crate::observe::Observed;
use crate::outcome::{Finding, Verdict};
use crate::probe::dimse::Dimse;
use crate::probe::raw::Raw;
use crate::probe::scp::StorageScp;
use crate::probe::web::Web;
use crate::statement::Duplicate;
use crate::subject::Program;
use crate::target::Target;
use crate::transcript::Transcript;

/// The surroundings of one run of one check: connections and data that no other check has.
#[derive(Clone, Debug)]
pub struct Context {
    name: &'static str,
    identity: Identity,
    target: Arc<Target>,
    observed: Arc<Observed>,
    edition: Edition,
    transcript: Transcript,
}

impl Context {
    /// For a check against a target.
    pub fn new(
        check: &Check,
        identity: &Identity,
        target: &Arc<Target>,
        observed: &Arc<Observed>,
        edition: Edition,
    ) -> Self {
        Self {
            name: check.id,
            identity: identity.clone(),
            target: target.clone(),
            observed: observed.clone(),
            edition,
            transcript: Transcript::with_delay(target.index_delay()),
        }
    }

    /// The check's data.
    pub fn data(&self) -> Data {
        Data::new(&self.identity, self.name)
    }

    /// Chance that the seed decides.
    pub fn dice(&self) -> Dice {
        self.identity.dice(self.name)
    }

    /// What went over the wire so far.
    pub const fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// The edition of the standard that the archive is held to.
    pub const fn edition(&self) -> Edition {
        self.edition
    }

    /// Whether the archive was seen to offer something.
    pub fn offers(&self, need: Need) -> bool {
        self.observed.offers(need)
    }

    /// The value of something that is claimed for the archive; empty if the claim has none.
    pub fn claimed(&self, need: Need) -> Option<&str> {
        self.target.claims.get(&need).map(String::as_str)
    }

    /// The same for a value that is a number.
    ///
    /// # Errors
    /// The harness's own, if it is none.
    pub fn claimed_number<N: FromStr>(&self, need: Need) -> Verdict<N> {
        let claimed = self.claimed(need).unwrap_or_default();
        let wrong = |_| Finding::error(format!("{need}={claimed:?} is not a number"));
        claimed.parse().map_err(wrong)
    }

    /// What becomes of another instance under a known UID, if the statement says so.
    pub fn duplicate(&self) -> Option<Duplicate> {
        self.target.statement.as_ref()?.duplicate()
    }

    /// A DICOMweb client with connections of its own.
    ///
    /// # Errors
    /// Not applicable without a web address.
    pub fn web(&self) -> Verdict<Web> {
        let base = self
            .target
            .web
            .as_ref()
            .ok_or_else(|| Finding::NotApplicable("no web address given".into()))?;
        Web::new(base, self.transcript.clone())
    }

    /// A socket to the DICOMweb address, for what no client library would send.
    ///
    /// # Errors
    /// Not applicable without a web address, or over TLS.
    pub fn raw(&self) -> Verdict<Raw> {
        let base = self.target.web.as_ref();
        let base = base.ok_or_else(|| Finding::NotApplicable("no web address given".into()))?;
        Raw::new(base, self.transcript.clone())
    }

    /// A DIMSE client.
    ///
    /// # Errors
    /// Not applicable without a DIMSE address.
    pub fn dimse(&self) -> Verdict<Dimse> {
        let target = self.target.dimse.clone();
        let target =
            target.ok_or_else(|| Finding::NotApplicable("no DIMSE address given".into()))?;
        Ok(Dimse::new(target, self.transcript.clone()).named(self.claimed(Need::UserIdentity)))
    }

    /// The program that is judged in place of an archive.
    ///
    /// # Errors
    /// Not applicable without one.
    pub fn program(&self) -> Verdict<&Program> {
        let program = self.target.program.as_ref();
        program.ok_or_else(|| Finding::NotApplicable("no program given".into()))
    }

    /// The id of the check.
    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// The run's names and chance.
    pub(crate) const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Our storage SCP, which the archive knows.
    ///
    /// # Errors
    /// Not applicable if the archive does not know us.
    pub fn destination(&self) -> Verdict<&StorageScp> {
        let destination = self.target.destination.as_deref();
        destination.ok_or_else(|| Finding::NotApplicable("no --move-destination given".into()))
    }
}
