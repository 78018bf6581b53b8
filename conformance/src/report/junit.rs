//! The report as JUnit XML, as CI systems read it: a suite for each group, a case for each check.

use std::time::Duration;

use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};
use quick_xml::{Error, Writer};

use crate::check::Profile;
use crate::outcome::Outcome;

use super::{Judged, Report};

/// The whole document.
///
/// # Errors
/// None that memory can give.
pub fn render(report: &Report) -> Result<String, Error> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let all: Vec<_> = report.checks.iter().collect();
    xml.write_event(Event::Start(counted(
        "testsuites",
        "dicom-conformance",
        &all,
    )))?;
    for (group, members) in report.groups() {
        xml.write_event(Event::Start(counted("testsuite", group, &members)))?;
        for judged in members {
            case(&mut xml, judged)?;
        }
        xml.write_event(Event::End(BytesEnd::new("testsuite")))?;
    }
    xml.write_event(Event::End(BytesEnd::new("testsuites")))?;
    let mut text = String::from_utf8_lossy(&xml.into_inner()).into_owned();
    text.push('\n');
    Ok(text)
}

fn counted(element: &'static str, name: &str, members: &[&Judged]) -> BytesStart<'static> {
    let count = |applies: fn(Outcome) -> bool| {
        members
            .iter()
            .filter(|judged| applies(judged.outcome))
            .count()
    };
    let took: Duration = members.iter().map(|judged| judged.took).sum();
    let mut start = BytesStart::new(element);
    start.push_attribute(("name", name));
    start.push_attribute(("tests", members.len().to_string().as_str()));
    start.push_attribute(("failures", count(Outcome::is_failure).to_string().as_str()));
    start.push_attribute((
        "errors",
        count(|outcome| outcome == Outcome::Error)
            .to_string()
            .as_str(),
    ));
    start.push_attribute(("skipped", count(is_skipped).to_string().as_str()));
    start.push_attribute(("time", seconds(took).as_str()));
    start
}

const fn is_skipped(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::NotApplicable | Outcome::NotObserved | Outcome::Waived
    )
}

fn case(xml: &mut Writer<Vec<u8>>, judged: &Judged) -> Result<(), Error> {
    let check = judged.check;
    let mut start = BytesStart::new("testcase");
    start.push_attribute(("name", check.id));
    start.push_attribute((
        "classname",
        format!("conformance.{}", check.group()).as_str(),
    ));
    start.push_attribute(("time", seconds(judged.took).as_str()));
    xml.write_event(Event::Start(start))?;

    xml.write_event(Event::Start(BytesStart::new("properties")))?;
    let profiles: Vec<_> = Profile::of(check).iter().map(ToString::to_string).collect();
    for (name, value) in [
        ("clause", check.clause_text()),
        ("level", check.level.to_string()),
        ("profile", profiles.join(",")),
    ] {
        let mut property = BytesStart::new("property");
        property.push_attribute(("name", name));
        property.push_attribute(("value", value.as_str()));
        xml.write_event(Event::Empty(property))?;
    }
    xml.write_event(Event::End(BytesEnd::new("properties")))?;

    let story = format!(
        "sent      {}\nexpected  {}\ngot       {}",
        printable(check.sends),
        printable(judged.expected()),
        printable(judged.got())
    );
    match judged.outcome {
        Outcome::Pass => {}
        Outcome::Fail | Outcome::Untestable => element(xml, "failure", Some(judged.got()), &story)?,
        Outcome::Error => element(xml, "error", Some(judged.got()), &story)?,
        Outcome::Warn => element(xml, "system-out", None, &format!("warning\n{story}"))?,
        Outcome::NotApplicable | Outcome::NotObserved | Outcome::Waived => {
            element(xml, "skipped", Some(judged.got()), "")?;
        }
    }
    xml.write_event(Event::End(BytesEnd::new("testcase")))?;
    Ok(())
}

fn element(
    xml: &mut Writer<Vec<u8>>,
    name: &str,
    message: Option<&str>,
    text: &str,
) -> Result<(), Error> {
    let mut start = BytesStart::new(name);
    if let Some(message) = message {
        start.push_attribute(("message", printable(message).as_str()));
    }
    if text.is_empty() {
        return Ok(xml.write_event(Event::Empty(start))?);
    }
    xml.write_event(Event::Start(start))?;
    xml.write_event(Event::Text(BytesText::new(text)))?;
    xml.write_event(Event::End(BytesEnd::new(name)))?;
    Ok(())
}

/// XML 1.0 has no place for control characters, however they are escaped.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') {
                ' '
            } else {
                c
            }
        })
        .collect()
}

fn seconds(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}
