//! The binary: exit codes, files, and a server of its own to start.

use std::process::{Command, Output};

use dicom_conformance::catalogue;
use dicom_conformance::check::Need;
use dicom_conformance::selftest::is_offered_by_default;

fn conformance(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dicom-conformance"))
        .args(arguments)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8(text).unwrap()
}

/// How many checks an archive passes that has everything but what has to be claimed, and these.
fn passing(without: &[Need]) -> usize {
    let checks = catalogue::all().iter();
    let applicable = checks.filter(|check| {
        is_offered_by_default(check) && !check.needs.iter().any(|need| without.contains(need))
    });
    applicable.count()
}

#[test]
fn without_a_target_the_built_in_archive_passes_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let output = conformance(&[
        "--json",
        &path("r.json"),
        "--junit",
        &path("r.xml"),
        "--transcript",
        &path("t"),
    ]);

    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        said(&output).contains(&format!("{} passed, 0 failed", passing(&[]))),
        "{}",
        said(&output)
    );
    let json = std::fs::read_to_string(path("r.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["counts"]["pass"], passing(&[]));
    assert!(
        std::fs::read_to_string(path("r.xml"))
            .unwrap()
            .contains("<testsuites")
    );
    let transcript = std::fs::read_to_string(path("t/stow.partial.202.txt")).unwrap();
    assert!(transcript.contains("POST /studies/2.25."), "{transcript}");
}

#[test]
fn a_broken_archive_ends_with_1_and_the_name_of_the_check() {
    let output = conformance(&["--fault", "stow.partial-200", "--seed", "7"]);

    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let text = said(&output);
    assert!(text.contains("FAIL  stow.partial.202"), "{text}");
    assert!(
        text.contains(
            "dicom-conformance run --fault stow.partial-200 --only stow.partial.202 --seed 7"
        ),
        "{text}"
    );
}

#[test]
fn wrong_arguments_and_an_empty_selection_end_with_2() {
    for (arguments, named) in [
        (&["--only", "stow.nothing"][..], "stow.nothing"),
        (&["--only", "qido", "--skip", "qido"], "no check is left"),
        (&["--profile", "gold"], "gold"),
        (&["--waivers", "no/such.toml"], "no/such.toml"),
        (&["--statement", "no/such.toml"], "no/such.toml"),
        (&["statement", "check"], "--statement"),
        (&["diff", "no/such.json", "no/such.json"], "no/such.json"),
        (&["--web", "ftp://x/"], "ftp://x/"),
        (&["--web", "nonsense"], "nonsense"),
        (&["--fault", "no.such-fault"], "no.such-fault"),
        (&["--move-destination", "A"], "AE=PORT"),
        (&["explain", "stow"], "stow"),
        (&["--unknown"], "--unknown"),
    ] {
        let output = conformance(arguments);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{arguments:?}: {}",
            said(&output)
        );
        assert!(
            said(&output).contains(named),
            "{arguments:?}: {}",
            said(&output)
        );
    }
}

#[test]
fn nobody_there_ends_with_3() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let output = conformance(&["--web", &format!("http://{closed}/dicom-web")]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(
        said(&output).contains("Web is not reachable"),
        "{}",
        said(&output)
    );

    for command in [
        "no-such-program",
        "sh -c 'echo sorry >&2; exit 1'",
        "echo ready",
    ] {
        let output = conformance(&["--start", command]);
        assert_eq!(
            output.status.code(),
            Some(3),
            "{command}: {}",
            said(&output)
        );
    }
}

#[test]
fn a_run_is_drafted_waived_compared_and_drawn_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let run = |more: &[&str]| {
        let fixed = ["--only", "stow.partial", "--seed", "7"];
        conformance(&[&fixed[..], more].concat())
    };
    let (old, new, waivers) = (path("old.json"), path("new.json"), path("waivers.toml"));
    let good = run(&["--json", &old]);
    assert_eq!(good.status.code(), Some(0), "{}", said(&good));
    let bad = run(&[
        "--fault",
        "stow.partial-200",
        "--json",
        &new,
        "--ndjson",
        "-",
    ]);
    assert_eq!(bad.status.code(), Some(1));
    // Events are alone on stdout.
    for line in String::from_utf8(bad.stdout.clone()).unwrap().lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }

    let diff = conformance(&["diff", &old, &new]);
    assert_eq!(diff.status.code(), Some(1));
    assert!(said(&diff).contains("stow.partial.202"), "{}", said(&diff));
    assert_eq!(conformance(&["diff", &new, &old]).status.code(), Some(0));

    let html = conformance(&["html", &old, &new, "--output", &path("matrix.html")]);
    assert_eq!(html.status.code(), Some(0), "{}", said(&html));
    let page = std::fs::read_to_string(path("matrix.html")).unwrap();
    assert!(page.contains("stow.partial.202"));

    let update = ["waivers", "update", &new, "--waivers", &waivers];
    assert_eq!(conformance(&update).status.code(), Some(0));
    let unsigned = run(&["--fault", "stow.partial-200", "--waivers", &waivers]);
    assert_eq!(unsigned.status.code(), Some(2), "{}", said(&unsigned));
    assert!(
        said(&unsigned).contains("has no reason"),
        "{}",
        said(&unsigned)
    );
    let written = std::fs::read_to_string(&waivers).unwrap();
    let signed = written.replace("reason = \"\"", "reason = \"known\"");
    std::fs::write(&waivers, signed.replace("owner = \"\"", "owner = \"us\"")).unwrap();
    let waived = run(&["--fault", "stow.partial-200", "--waivers", &waivers]);
    assert_eq!(waived.status.code(), Some(0), "{}", said(&waived));
    let stale = run(&["--waivers", &waivers]);
    assert_eq!(stale.status.code(), Some(1), "{}", said(&stale));
    assert_eq!(conformance(&["judge", &new]).status.code(), Some(1));
    let judged = conformance(&["judge", &new, "--waivers", &waivers]);
    assert_eq!(judged.status.code(), Some(0), "{}", said(&judged));

    let draft = conformance(&["statement", "init"]);
    assert_eq!(draft.status.code(), Some(0), "{}", said(&draft));
    let statement = path("statement.toml");
    // The archive that is built in has another address each time.
    let text: Vec<_> = (std::str::from_utf8(&draft.stdout).unwrap().lines())
        .filter(|line| !line.starts_with("base =") && !line.starts_with("address ="))
        .collect();
    std::fs::write(&statement, text.join("\n")).unwrap();
    let check = conformance(&["statement", "check", "--statement", &statement]);
    assert_eq!(check.status.code(), Some(0), "{}", said(&check));
    std::fs::write(&statement, "statement = 2").unwrap();
    let wrong = run(&["--statement", &statement]);
    assert_eq!(wrong.status.code(), Some(2), "{}", said(&wrong));
}

#[test]
fn a_check_is_explained_with_a_failure_of_it() {
    let output = conformance(&["explain", "stow.partial.202"]);
    let text = said(&output);
    assert!(text.contains("PS3.18 10.5.3.1"), "{text}");
    assert!(text.contains("  failure   200"), "{text}");
}

#[test]
fn help_names_the_exit_codes() {
    let output = conformance(&["--help"]);
    assert_eq!(output.status.code(), Some(0));
    assert!(said(&output).contains("3 not reachable"));
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_started_judged_and_ended() {
    let archive = dicom_mock_archive::MockArchive::start().await;
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("server");
    let ended = folder.path().join("pid");
    // A server that only says where the archive of this test is.
    let ready = serde_json::json!({
        "dicomweb": archive.web_url(),
        "dimse": archive.dimse_addr().to_string(),
        "ae_title": archive.ae_title().as_str(),
    });
    let text = format!(
        "echo $$ > {}\necho '{ready}'\nexec sleep 600\n",
        ended.display()
    );
    std::fs::write(&script, text).unwrap();
    let command = format!("sh '{}'", script.display());

    let run = move || conformance(&["--start", &command, "--seed", "3", "--edition", "2024e"]);
    let output = tokio::task::spawn_blocking(run).await.unwrap();

    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        said(&output).contains(&format!(
            "{} passed, 0 failed",
            passing(&[Need::MoveDestination])
        )),
        "{}",
        said(&output)
    );
    let pid = std::fs::read_to_string(&ended).unwrap();
    let alive = Command::new("kill")
        .args(["-0", pid.trim()])
        .output()
        .unwrap();
    assert!(
        !alive.status.success(),
        "the server with pid {pid} is still there"
    );
}
