//! Every archive that ours can be like, under every tool that reads: each answers as it would at the plain archive, or tells what is amiss.

use std::collections::BTreeMap;

use dicom_mcp_server::config::Config;
use dicom_mock_archive::MockArchive;
use dicom_mock_archive::personality::Personality;

use crate::client::{Client, Reply};
use crate::truth::{Over, THERE, calls, essence, is_qualified};

/// Tools that write; the others are called here.
const WRITES: [&str; 3] = ["retrieve-study", "move-study", "store-instances"];

async fn answers(archive: &MockArchive, over: Over) -> BTreeMap<&'static str, Reply> {
    archive.load(&THERE).unwrap();
    let config = match over {
        Over::Web => Config::for_host(&archive.web_url()),
        Over::Dimse => Config::for_dimse(
            &archive.dimse_addr().to_string(),
            archive.ae_title().as_str(),
        ),
    };
    let client = Client::of(config.unwrap()).await;
    let mut replies = BTreeMap::new();
    for (tool, arguments) in calls() {
        if !WRITES.contains(&tool) {
            replies.insert(tool, client.call(tool, arguments).await);
        }
    }
    replies
}

#[tokio::test]
async fn each_reading_tool_answers_rightly_or_tells_at_every_archive_that_ours_can_be_like() {
    let mut silent = Vec::new();
    let mut right_ones = 0;
    for over in [Over::Web, Over::Dimse] {
        let right = answers(&MockArchive::start().await, over).await;
        for personality in Personality::all() {
            let archive = MockArchive::builder()
                .like(personality)
                .start()
                .await
                .unwrap();
            for (tool, reply) in answers(&archive, over).await {
                let right = &right[tool];
                if reply.is_error() {
                    assert!(!reply.text().is_empty(), "{} {tool}", personality.name);
                } else if essence(&reply) == essence(right) {
                    right_ones += 1;
                } else if !is_qualified(&reply, right) {
                    silent.push(format!(
                        "{} {over:?} {tool}:\n{}\ninstead of\n{}",
                        personality.name,
                        essence(&reply),
                        essence(right)
                    ));
                }
            }
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n\n"));
    // Archives are mostly right.
    assert!(right_ones > Personality::all().len() * 10, "{right_ones}");
}
