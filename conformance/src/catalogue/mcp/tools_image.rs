//! A picture is what it is called.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::check::{Check, Clause, Editions, Level, Need};
use crate::context::Context;
use crate::outcome::{Finding, Verdict, ensure};
use crate::subject::adapter::Role;
use crate::subject::mcp::Bench;

pub(crate) static CHECK: Check = Check {
    id: "mcp.tools.image",
    title: "pictures are of the type that they are labelled with",
    clauses: &[Clause::mcp("server/tools")],
    level: Level::Must,
    needs: &[Need::Mcp, Need::ToolPicture],
    editions: Editions::ALL,
    profiles: &[],
    fault: "mcp.mime-lies",
    sends: "a picture of a frame",
    accepts: "an image block whose base64 decodes to bytes that begin as its mimeType says",
    run: |context| Box::pin(run(context)),
};

async fn run(context: &Context) -> Verdict {
    let bench = Bench::open(context).await?;
    let mut session = bench.session().await?;

    let answer = bench.perform(&mut session, Role::Picture).await?;
    let blocks = answer.result()?["content"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let image = blocks.iter().find(|block| block["type"] == "image");
    let image = image.ok_or_else(|| Finding::fail(format!("no image: {}", answer.summary())))?;
    let data = image["data"].as_str().unwrap_or_default();
    let bytes = BASE64_STANDARD.decode(data);
    let bytes = bytes.map_err(|error| Finding::fail(format!("data that is no base64: {error}")))?;
    let begins: &[u8] = match image["mimeType"].as_str() {
        Some("image/png") => b"\x89PNG\r\n",
        Some("image/jpeg") => b"\xFF\xD8\xFF",
        Some("image/gif") => b"GIF8",
        Some("image/webp") => b"RIFF",
        _ => return Err(Finding::fail(format!("mimeType {}", image["mimeType"]))),
    };
    let first = &bytes[..bytes.len().min(8)];
    ensure!(
        bytes.starts_with(begins),
        "{} that begins with {first:02X?}",
        image["mimeType"]
    );
    Ok(())
}
