//! list-archives: which archives there are to ask.

use serde_json::{Value as Json, json};

use super::{Effect, Pending, Session, Tool};
use crate::answer::Answer;
use crate::arguments::Arguments;

pub(super) const TOOL: Tool = Tool {
    name: "list-archives",
    title: "List archives",
    about: "Lists the archives of the settings with their addresses and protocols, the default one first. The names are what the \
            argument archive of every tool takes. It asks no archive anything; verify-connection does.",
    parameters: &[],
    output: || {
        json!({
            "type": "object",
            "properties": {
                "archives": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "name": {"type": "string"},
                            "default": {"type": "boolean"},
                            "dicomweb": {"type": "string", "description": "Base address, without credentials."},
                            "dimse": {"type": "string", "description": "dicom://AETITLE@HOST:PORT"},
                        },
                        "required": ["name", "default"],
                        "additionalProperties": false
                    }
                }
            },
            "required": ["archives"],
            "additionalProperties": false
        })
    },
    effect: Effect::Reads,
    call,
};

fn call(session: &Session, _: Arguments) -> Pending<'_> {
    Box::pin(async move {
        let mut lines = vec!["name | DICOMweb | DIMSE".to_owned()];
        let mut archives = Vec::new();
        for (index, archive) in session.archives().iter().enumerate() {
            let web = archive.web().map(|web| web.address().to_owned());
            let dimse = archive.dimse().map(|dimse| dimse.address().to_owned());
            let default = if index == 0 { " (default)" } else { "" };
            lines.push(format!(
                "{}{default} | {} | {}",
                archive.name(),
                web.as_deref().unwrap_or("-"),
                dimse.as_deref().unwrap_or("-")
            ));
            let mut told = json!({"name": archive.name(), "default": index == 0});
            if let Json::Object(told) = &mut told {
                told.extend(web.map(|web| ("dicomweb".to_owned(), json!(web))));
                told.extend(dimse.map(|dimse| ("dimse".to_owned(), json!(dimse))));
            }
            archives.push(told);
        }
        Ok(Answer::done(
            lines.join("\n"),
            json!({"archives": archives}),
        ))
    })
}
