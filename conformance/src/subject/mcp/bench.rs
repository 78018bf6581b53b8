//! A bench: an archive that is known to the last bit, and servers that are started with its address.

use std::path::Path;
use std::time::Duration;

use dicom_dictionary_std::tags;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::rule::{Rule, RuleId};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::context::Context;
use crate::data::Instance;
use crate::identity::Identity;
use crate::outcome::{Finding, Verdict, ensure};
use crate::probe::scp::StorageScp;
use crate::subject::adapter::{Names, Protocol, Role};
use crate::subject::{Program, alone};
use crate::target::Target;
use crate::target::embedded::{CALLING, DESTINATION, Embedded};
use crate::transcript::Transcript;

use super::subjects::{LINES, Subjects};
use super::tamper::{Extra, Fault, Tamper};
use super::{Answer, Session};

/// An archive of ours, and the program that is to ask it.
#[derive(Debug)]
pub struct Bench {
    embedded: Embedded,
    /// Our storage SCP lives as long as it.
    target: Target,
    program: Program,
    scratch: TempDir,
    names: Names,
    roles: Vec<Role>,
    transcript: Transcript,
    /// What is stored.
    pub subjects: Subjects,
}

impl Bench {
    /// A bench for a check.
    ///
    /// # Errors
    /// Not applicable without a program, and the harness's own errors.
    pub async fn open(context: &Context) -> Verdict<Self> {
        let program = context.program()?;
        let subjects = Subjects::new(context.identity(), context.name());
        let mut bench = Self::with(program, subjects, context.transcript()).await?;
        bench.roles.retain(|role| context.offers(role.need()));
        Ok(bench)
    }

    /// The same for the smoke run.
    pub(super) async fn for_smoke(
        program: &Program,
        identity: &Identity,
        transcript: &Transcript,
    ) -> Verdict<Self> {
        // What is put around a program is for its check to notice.
        let plain = Program {
            fault: None,
            ..program.clone()
        };
        Self::with(&plain, Subjects::new(identity, "smoke"), transcript).await
    }

    async fn with(program: &Program, subjects: Subjects, transcript: &Transcript) -> Verdict<Self> {
        let (embedded, target) = Embedded::start(&[]).await.map_err(Finding::error)?;
        let reports = [&subjects.report, &subjects.long_report];
        let known = subjects.studies.iter().chain(reports);
        for instance in known.flat_map(|study| &study.instances) {
            let loaded = embedded.archive().archive().load(instance.file.clone());
            loaded.map_err(Finding::error)?;
        }
        let scratch = tempfile::tempdir().map_err(Finding::error)?;
        let upload = scratch.path().join("upload");
        std::fs::create_dir(&upload).map_err(Finding::error)?;
        for (n, instance) in subjects.upload.instances.iter().enumerate() {
            std::fs::write(upload.join(format!("{n}.dcm")), &instance.file)
                .map_err(Finding::error)?;
        }
        let dimse = embedded.archive().dimse_addr();
        let names = Names::default()
            .with("web", embedded.archive().web_url())
            .with("host", dimse.ip().to_string())
            .with("port", dimse.port().to_string())
            .with("called", embedded.archive().ae_title().as_str())
            .with("calling", CALLING)
            .with("destination", DESTINATION)
            .with("scratch", shown(scratch.path()))
            .with("upload", shown(&upload))
            .with("secret", format!("secret-{}", scratch_word(&subjects)));
        let named = |role: &Role| program.adapter.calls.contains_key(role);
        Ok(Self {
            roles: Role::ALL.into_iter().filter(named).collect(),
            embedded,
            target,
            program: program.clone(),
            scratch,
            names,
            transcript: transcript.clone(),
            subjects,
        })
    }

    /// The archive.
    pub const fn archive(&self) -> &MockArchive {
        self.embedded.archive()
    }

    /// The secret that the server was given for the archive.
    pub fn secret(&self) -> &str {
        self.names.get("secret")
    }

    /// Which protocol the server speaks to the archive.
    pub const fn door(&self) -> Protocol {
        self.program.adapter.door
    }

    /// Puts a named fault of the archive into force.
    ///
    /// # Errors
    /// The harness's own, if there is none of this name.
    pub fn turn(&self, fault: &str) -> Verdict<RuleId> {
        let rule = match fault.starts_with('{') {
            true => serde_json::from_str(fault).map_err(Finding::error)?,
            false => Rule::named(fault).map_err(Finding::error)?,
        };
        Ok(self.archive().inject(rule))
    }

    /// Takes it out of force.
    pub fn mend(&self, rule: RuleId) {
        self.archive().archive().withdraw(rule);
    }

    /// How many requests the archive has seen.
    pub fn asked(&self) -> usize {
        self.archive().journal().entries().len()
    }

    /// Waits until the archive has seen so many requests because of a call.
    ///
    /// # Errors
    /// A failure, if the call is answered before, or the archive is not asked for long.
    pub async fn until_asked(&self, count: usize, session: &Session, call: &Value) -> Verdict {
        let holds = |bench: &Self| bench.asked() >= count || session.is_over(call);
        self.until("the archive was not asked", holds).await?;
        ensure!(
            self.asked() >= count,
            "the call ended, and the archive was not asked"
        );
        Ok(())
    }

    /// Waits until the archive has no request under way.
    ///
    /// # Errors
    /// A failure, if it goes on for long.
    pub async fn until_idle(&self) -> Verdict {
        let idle = |bench: &Self| {
            let journal = bench.archive().journal();
            journal.entries().iter().all(|entry| entry.took.is_some())
        };
        self.until("the archive is still being asked", idle).await
    }

    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) -> Verdict {
        /// How often the journal is looked at.
        const STEP: Duration = Duration::from_millis(5);
        let waiting = async {
            while !holds(self) {
                tokio::time::sleep(STEP).await;
            }
        };
        let patience = self.program.patience;
        let waited = tokio::time::timeout(patience, waiting).await;
        waited.map_err(|_| Finding::fail(format!("{what} within {} s", patience.as_secs())))
    }

    /// Our storage SCP, which the archive knows as a destination.
    ///
    /// # Errors
    /// The harness's own, if there is none.
    pub fn destination(&self) -> Verdict<&StorageScp> {
        let destination = self.target.destination.as_deref();
        destination.ok_or_else(|| Finding::error("no destination"))
    }

    /// Faults of the archive under which nothing can be read, over the server's protocol.
    pub const fn failures(&self) -> &'static [&'static str] {
        match self.program.adapter.door {
            Protocol::Web => &[
                r#"{"when":{"protocol":"web"},"then":{"http-status":{"status":500}}}"#,
                "auth.deny",
                "http.html-200",
                "cut",
                "wire.reset",
            ],
            Protocol::Dimse => &[
                r#"{"when":{"protocol":"dimse"},"then":{"reject-association":{}}}"#,
                r#"{"when":{"protocol":"dimse"},"then":{"abort":{}}}"#,
                r#"{"when":{"service":"search","protocol":"dimse"},"then":{"alter-response":{"instead-of":"0000","status":"A700"}}}"#,
                "wire.reset",
            ],
        }
    }

    /// A running server to which nothing was said yet.
    ///
    /// # Errors
    /// A failure, if it cannot be run.
    pub fn start(&self) -> Verdict<Session> {
        let adapter = &self.program.adapter;
        for (name, text) in &adapter.files {
            let name = Path::new(name).file_name().unwrap_or_default();
            let text = self.names.fill(text);
            std::fs::write(self.scratch.path().join(name), text).map_err(Finding::error)?;
        }
        let words = self.program.command.iter().chain(&adapter.arguments);
        let words: Vec<_> = words.map(|word| self.names.fill(word)).collect();
        let mut command = alone(&words).ok_or_else(|| Finding::error("no command"))?;
        for (name, value) in &adapter.environment {
            command.env(name, self.names.fill(value));
        }
        let fault = self.program.fault.and_then(Fault::find);
        let tamper = fault.map(|fault| Tamper::new(fault, self.extra()));
        Session::start(
            command,
            tamper,
            self.transcript.clone(),
            self.program.patience,
        )
    }

    /// A running server that was greeted.
    ///
    /// # Errors
    /// Untestable, if it does not answer.
    pub async fn session(&self) -> Verdict<Session> {
        let mut session = self.start()?;
        match session.greet().await {
            Ok(_) => Ok(session),
            Err(Finding::Fail(difference)) => Err(Finding::Untestable {
                because: "mcp.init.result",
                reason: difference.got,
            }),
            Err(other) => Err(other),
        }
    }

    /// A call: its tool, and its arguments for an instance.
    ///
    /// # Errors
    /// Not applicable without such a tool.
    pub fn call(&self, role: Role, instance: &Instance) -> Verdict<(String, Map<String, Value>)> {
        let names = (self.names.clone())
            .with("patient", instance.value(tags::PATIENT_ID))
            .with("study", &instance.study)
            .with("series", &instance.series)
            .with("instance", &instance.uid);
        self.filled(role, &names)
    }

    /// The search for the studies of a patient.
    ///
    /// # Errors
    /// Not applicable without such a tool.
    pub fn search(&self, patient: &str) -> Verdict<(String, Map<String, Value>)> {
        self.filled(Role::Studies, &self.names.clone().with("patient", patient))
    }

    fn filled(&self, role: Role, names: &Names) -> Verdict<(String, Map<String, Value>)> {
        let call = self.program.adapter.calls.get(&role);
        let call =
            call.ok_or_else(|| Finding::NotApplicable(format!("no tool for {}", role.need())))?;
        Ok((call.tool.clone(), names.fill_members(&call.arguments)))
    }

    /// The first instance of the first study.
    pub fn first(&self) -> &Instance {
        &self.subjects.studies[0].instances[0]
    }

    /// Does what a role says, for the first study, the report, or the upload.
    ///
    /// # Errors
    /// No tool, or no answer.
    pub async fn perform(&self, session: &mut Session, role: Role) -> Verdict<Answer> {
        let (tool, arguments) = self.usual(role)?;
        session.call(&tool, &arguments).await
    }

    /// The call of that.
    ///
    /// # Errors
    /// No tool.
    pub fn usual(&self, role: Role) -> Verdict<(String, Map<String, Value>)> {
        let instance = match role {
            Role::Report => &self.subjects.report.instances[0],
            Role::Store => &self.subjects.upload.instances[0],
            _ => self.first(),
        };
        self.call(role, instance)
    }

    /// Whether an answer is what a role asks for, on an archive that is well; what was stored or moved has to be there.
    pub fn right(&self, role: Role, answer: &Answer) -> bool {
        let (first, text) = (self.first(), answer.text());
        let done = match role {
            Role::Studies => text.contains(&first.study),
            Role::Metadata => text.contains(&first.series) || text.contains(&first.uid),
            Role::Report => LINES.iter().all(|line| text.contains(before_markup(line))),
            Role::Picture => {
                let blocks = answer.0["result"]["content"].as_array();
                let mut blocks = blocks.into_iter().flatten();
                blocks.any(|block| block["data"].as_str().is_some_and(|data| !data.is_empty()))
            }
            Role::Store => {
                let stored = self.archive().stored();
                let mut upload = self.subjects.upload.instances.iter();
                upload.all(|instance| stored.iter().any(|uid| uid.as_str() == instance.uid))
            }
            Role::Move => {
                let moved = self.subjects.studies[0].instances.iter();
                let moved: Vec<_> = moved.map(|instance| instance.uid.clone()).collect();
                let destination = self.target.destination.as_deref();
                let arrived = destination.map(|scp| scp.arrivals(&moved));
                let arrived = arrived.unwrap_or_default();
                (moved.iter()).all(|uid| arrived.iter().any(|it| it.instance == *uid))
            }
        };
        done && !answer.is_error()
    }

    /// The same as a condition of what comes after it.
    ///
    /// # Errors
    /// Untestable, if it is not.
    pub fn demand(&self, role: Role, answer: &Answer) -> Verdict {
        match self.right(role, answer) {
            true => Ok(()),
            false => Err(Finding::Untestable {
                because: "mcp.truth.each-tool",
                reason: format!("{}: {}", self.tool(role), answer.summary()),
            }),
        }
    }

    /// Searches for the first study, which has to be found: who finds nothing in an archive that is well shows nothing by finding nothing.
    ///
    /// # Errors
    /// Untestable, if it is not found.
    pub async fn finds(&self, session: &mut Session) -> Verdict {
        let answer = self.perform(session, Role::Studies).await?;
        self.demand(Role::Studies, &answer)
    }

    /// Performs these roles, as far as there are tools for them: those that do what they say.
    ///
    /// # Errors
    /// Untestable, if none does; not applicable without a tool.
    pub async fn works(&self, session: &mut Session, roles: &[Role]) -> Verdict<Vec<Role>> {
        let (mut works, mut wrong) = (Vec::new(), None);
        for &role in roles.iter().filter(|role| self.roles.contains(role)) {
            let answer = self.perform(session, role).await?;
            match self.demand(role, &answer) {
                Ok(()) => works.push(role),
                Err(finding) => wrong = wrong.or(Some(finding)),
            }
        }
        match (works.is_empty(), wrong) {
            (false, _) => Ok(works),
            (true, Some(wrong)) => Err(wrong),
            (true, None) => Err(Finding::NotApplicable(
                "no tool that asks the archive".into(),
            )),
        }
    }

    /// Whether the adapter knows how a tool says that it is not to be had.
    pub(super) const fn locks(&self) -> bool {
        !self.program.adapter.locked.is_empty()
    }

    /// The text by which an answer says that the tool is not to be had.
    pub fn locked(&self, answer: &Answer) -> Option<&str> {
        let text = answer.text();
        let mut locked = self.program.adapter.locked.iter();
        let found = locked.find(|locked| text.contains(locked.as_str()));
        found.map(String::as_str)
    }

    /// The roles that the server has tools for.
    pub fn roles(&self) -> Vec<Role> {
        self.roles.clone()
    }

    /// The tool of a role; empty without one.
    pub fn tool(&self, role: Role) -> &str {
        let call = self.program.adapter.calls.get(&role);
        call.map_or("", |call| &call.tool)
    }

    fn extra(&self) -> Extra {
        let parameters = |call: Verdict<(String, Map<String, Value>)>| match call {
            Ok((name, arguments)) => json!({"name": name, "arguments": arguments}),
            Err(_) => Value::Null,
        };
        let writers = [Role::Store, Role::Move].map(|role| self.tool(role).to_owned());
        Extra {
            read: parameters(self.usual(Role::Studies)),
            write: parameters(self.usual(Role::Store)),
            secret: self.secret().to_owned(),
            writers: writers.into(),
            finder: self.tool(Role::Studies).to_owned(),
        }
    }
}

/// A line up to what is written differently in markup.
fn before_markup(line: &str) -> &str {
    line.split('<').next().unwrap_or(line)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// A word that is in nothing but the secret.
fn scratch_word(subjects: &Subjects) -> String {
    let digits = subjects.nobody.chars().filter(char::is_ascii_digit);
    digits.rev().collect()
}
