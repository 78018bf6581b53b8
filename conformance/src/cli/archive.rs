//! The archive that the arguments mean.

use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};

use dicom_conformance::check::{Edition, Need};
use dicom_conformance::probe::scp::StorageScp;
use dicom_conformance::statement::Statement;
use dicom_conformance::target::embedded::Embedded;
use dicom_conformance::target::start::{StartError, Started};
use dicom_conformance::target::{Claims, DimseTarget, Target};
use dicom_mock_archive::policy::Policy;

use super::arguments::TargetArguments;
use super::read;

/// What must live as long as the run.
pub(super) enum Keep {
    Nothing,
    Embedded(#[expect(dead_code, reason = "dropping it ends the archive")] Embedded),
    Started(Started),
}

impl Keep {
    /// Ends what was started, and waits for it.
    pub(super) async fn end(self) {
        if let Self::Started(server) = self {
            server.stop().await;
        }
    }
}

/// An archive, and the statement about it as it was written.
pub(super) struct Found {
    pub(super) keep: Keep,
    pub(super) target: Target,
    pub(super) statement: Option<String>,
}

/// Finds or starts the archive.
pub(super) async fn find(
    arguments: &TargetArguments,
    edition: Edition,
) -> anyhow::Result<Result<Found, StartError>> {
    let mut text = None;
    let mut statement = None;
    if let Some(path) = &arguments.statement {
        let written = read(path)?;
        let parsed = Statement::parse(&written);
        statement = Some(Arc::new(
            parsed.map_err(|error| anyhow!("{}: {error}", path.display()))?,
        ));
        text = Some(written);
    }
    let (keep, mut target) = match door(arguments, statement.as_deref(), edition).await? {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(statement) = statement {
        target.claims.extend(statement.claims());
        target.statement = Some(statement);
        if let Some(path) = &arguments.statement {
            target
                .arguments
                .push_str(&format!(" --statement {}", path.display()));
        }
    }
    listen(arguments, &mut target).await?;
    for (need, value) in &arguments.claim {
        target.arguments.push_str(&match (need, value.as_str()) {
            // A secret is not repeated in a report.
            (Need::UserIdentity, _) | (_, "") => format!(" --claim {need}"),
            (_, value) => format!(" --claim {need}={value}"),
        });
        target.claims.insert(*need, value.clone());
    }
    target.arguments = target.arguments.trim().to_owned();
    let statement = text;
    Ok(Ok(Found {
        keep,
        target,
        statement,
    }))
}

/// Opens our storage SCP where the archive expects it.
async fn listen(arguments: &TargetArguments, target: &mut Target) -> anyhow::Result<()> {
    let Some((ae_title, port)) = &arguments.move_destination else {
        return Ok(());
    };
    let dimse = target
        .dimse
        .as_ref()
        .context("--move-destination needs a DIMSE address")?;
    let address = dimse.destination_address(*port);
    let scp = StorageScp::listen(ae_title, address).await;
    target.destination = Some(Arc::new(
        scp.with_context(|| format!("cannot listen on {address}"))?,
    ));
    target
        .arguments
        .push_str(&format!(" --move-destination {ae_title}={port}"));
    Ok(())
}

/// The addresses: of the server to start, from the command line, from the statement, or of the archive that is built in.
async fn door(
    arguments: &TargetArguments,
    statement: Option<&Statement>,
    edition: Edition,
) -> anyhow::Result<Result<(Keep, Target), StartError>> {
    if let Some(command) = &arguments.start {
        let started = Started::run(command, &arguments.calling).await;
        return Ok(started.map(|(server, target)| (Keep::Started(server), target)));
    }
    let named = arguments.web.is_some() || arguments.dimse.is_some();
    let written = statement.filter(|_| !named && arguments.fault.is_empty());
    let web = arguments.web.clone();
    let web = web.or_else(|| written?.base().cloned());
    let dimse = arguments.dimse.clone();
    let dimse = dimse.or_else(|| Some(written?.address()?.to_owned()));
    if web.is_none() && dimse.is_none() {
        let faults: Vec<_> = arguments.fault.iter().map(String::as_str).collect();
        let (archive, mut target) =
            Embedded::claiming(policy(edition), Claims::new(), &faults).await?;
        target.arguments = faults
            .iter()
            .map(|fault| format!("--fault {fault}"))
            .collect::<Vec<_>>()
            .join(" ");
        return Ok(Ok((Keep::Embedded(archive), target)));
    }
    let mut words = Vec::new();
    if let Some(web) = &web {
        if web.cannot_be_a_base() || !matches!(web.scheme(), "http" | "https") {
            bail!("{web} is not an http or https URL");
        }
        words.push(format!("--web {web}"));
    }
    let called = arguments.called.as_deref();
    let called = called
        .or_else(|| statement?.ae_title())
        .unwrap_or("ANY-SCP");
    let dimse = dimse.map(|address| {
        words.push(format!(
            "--dimse {address} --called {called} --calling {}",
            arguments.calling
        ));
        DimseTarget {
            address,
            called: called.to_owned(),
            calling: arguments.calling.clone(),
        }
    });
    let target = Target {
        web,
        dimse,
        destination: None,
        claims: Claims::new(),
        statement: None,
        arguments: words.join(" "),
        program: None,
    };
    Ok(Ok((Keep::Nothing, target)))
}

/// The default policy of the built-in archive in an edition.
fn policy(edition: Edition) -> Policy {
    Policy {
        edition: match edition {
            Edition::E2024e => dicom_mock_archive::policy::Edition::E2024,
            Edition::E2026a => dicom_mock_archive::policy::Edition::E2026,
        },
        ..Policy::default()
    }
}
