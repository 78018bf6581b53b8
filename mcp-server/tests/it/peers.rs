//! Users of other servers change one line of their settings: names and parameters are the same.

use std::collections::BTreeSet;

use dicom_fixtures::{ct, pdf};
use dicom_mcp_server::config::Config;
use dicom_mcp_server::profile::Profile;
use dicom_mock_archive::MockArchive;
use dicom_wire::ae::AeTitle;
use serde_json::{Value as Json, json};

use crate::client::Client;

const DICOMWEB_MCP_SERVER: &str = include_str!("../peers/dicomweb-mcp-server.json");

#[tokio::test]
async fn a_client_of_dicomweb_mcp_server_finds_its_tools_with_its_parameters() {
    let client = Client::at("http://127.0.0.1:1/dicomweb").await;
    let ours = client.tools().await;
    let theirs: Vec<Json> = serde_json::from_str(DICOMWEB_MCP_SERVER).unwrap();
    assert_eq!(theirs.len(), 9);
    for their in theirs {
        let name = their["name"].as_str().unwrap();
        let our = ours
            .iter()
            .find(|tool| tool.name == name)
            .unwrap_or_else(|| panic!("no {name}"));
        let properties = our.input_schema["properties"].as_object().unwrap();

        let parameters = their["parameters"].as_object().unwrap();
        let names = |object: &serde_json::Map<String, Json>| {
            object.keys().cloned().collect::<BTreeSet<_>>()
        };
        assert!(names(properties).is_superset(&names(parameters)), "{name}");
        for (parameter, constraints) in parameters {
            for (constraint, value) in constraints.as_object().unwrap() {
                assert_eq!(
                    &properties[parameter][constraint], value,
                    "{name} {parameter} {constraint}"
                );
            }
        }

        // What they require may be optional here: the empty query need not be written.
        let required = |value: &Json| {
            value
                .as_array()
                .into_iter()
                .flatten()
                .map(|name| name.as_str().unwrap().to_owned())
                .collect::<BTreeSet<_>>()
        };
        let mut wanted = required(&their["required"]);
        wanted.remove("query");
        let ours = our
            .input_schema
            .get("required")
            .map(required)
            .unwrap_or_default();
        assert_eq!(ours, wanted, "{name}");
    }
}

#[test]
fn each_profile_has_the_names_and_parameters_of_its_server() {
    for (profile, recorded) in [
        (Profile::DicomwebMcpServer, DICOMWEB_MCP_SERVER),
        (Profile::DicomMcp, include_str!("../peers/dicom-mcp.json")),
        (
            Profile::DicomHl7Mcp,
            include_str!("../peers/dicom-hl7-mcp.json"),
        ),
    ] {
        let theirs: Vec<Json> = serde_json::from_str(recorded).unwrap();
        for their in &theirs {
            let name = their["name"].as_str().unwrap();
            let tool = profile.tools().iter().find(|tool| tool.name == name);
            let tool = tool.unwrap_or_else(|| panic!("{profile:?} has no {name}"));
            let described = profile.describe(tool);
            let schema = Json::Object(described.input_schema.as_ref().clone());
            let names = |json: &Json| -> BTreeSet<String> {
                json.as_object().unwrap().keys().cloned().collect()
            };
            assert_eq!(
                names(&schema["properties"]),
                names(&their["parameters"]),
                "{profile:?} {name}"
            );
            let listed = |json: &Json| -> BTreeSet<String> {
                let all = json.as_array().into_iter().flatten();
                all.map(|name| name.as_str().unwrap().to_owned()).collect()
            };
            let mut wanted = listed(&their["required"]);
            // The empty query need not be written.
            wanted.remove("query");
            assert_eq!(listed(&schema["required"]), wanted, "{profile:?} {name}");
            for schema in [&schema, &(tool.output)()] {
                jsonschema::draft202012::new(schema).unwrap();
            }
        }
        let mut names: Vec<&str> = profile.tools().iter().map(|tool| tool.name).collect();
        let before = names.clone();
        names.sort_unstable();
        assert_eq!(names, before);
    }
}

#[tokio::test]
async fn a_user_of_dicom_mcp_goes_from_patient_to_report_and_moves_a_study() {
    let study = ct("chest").size(16).slices(2).and(pdf());
    let destination = MockArchive::start().await;
    let title = AeTitle::parse("ELSEWHERE").unwrap();
    let archive = MockArchive::builder()
        .destination(title.clone(), destination.dimse_addr())
        .start()
        .await
        .unwrap();
    archive.load(&study).unwrap();
    for web in [true, false] {
        let mut config = Config::for_dimse(
            &archive.dimse_addr().to_string(),
            archive.ae_title().as_str(),
        )
        .unwrap();
        if web {
            config.archives[0].web = Config::for_host(&archive.web_url()).unwrap().archives[0]
                .web
                .clone();
        }
        config.permissions.move_to = vec![title.clone()];
        let client = Client::with_profile(config, Profile::DicomMcp).await;
        let of = study.instances().last().unwrap();
        for (tool, arguments, said) in [
            ("verify_connection", json!({}), "Connected"),
            ("list_dicom_nodes", json!({}), "default"),
            (
                "switch_dicom_node",
                json!({"node_name": "default"}),
                "default",
            ),
            ("query_patients", json!({"name_pattern": "*"}), "1 patient"),
            (
                "query_studies",
                json!({"modality_in_study": "CT", "attribute_preset": "extended", "exclude_attributes": ["PatientSex"]}),
                "1 study",
            ),
            (
                "query_series",
                json!({"study_instance_uid": of.study}),
                "series",
            ),
            (
                "query_instances",
                json!({"series_instance_uid": of.series}),
                "1 instance",
            ),
            (
                "extract_pdf_text_from_dicom",
                json!({"study_instance_uid": of.study, "series_instance_uid": of.series, "sop_instance_uid": of.sop_instance}),
                "Page 1",
            ),
            (
                "move_series",
                json!({"destination_node": "ELSEWHERE", "series_instance_uid": of.series}),
                "1 instances",
            ),
            (
                "move_study",
                json!({"destination_node": "ELSEWHERE", "study_instance_uid": of.study}),
                "3 instances",
            ),
        ] {
            let reply = client.plain(tool, arguments).await;
            assert!(
                !reply.is_error() && reply.text().contains(said),
                "{tool}: {}",
                reply.text()
            );
        }
        for (tool, arguments, said) in [
            (
                "query_studies",
                json!({"study_date": "banana"}),
                "study_date",
            ),
            ("query_studies", json!({"patient_nam": "X"}), "patient_id"),
            (
                "query_series",
                json!({"study_instance_uid": ""}),
                "study_instance_uid",
            ),
            (
                "move_study",
                json!({"destination_node": "OTHER", "study_instance_uid": of.study}),
                "--allow-move",
            ),
            (
                "configure_dicom_server",
                json!({"host": "10.1.2.3", "port": 104}),
                "--allow-hosts",
            ),
        ] {
            let reply = client.plain(tool, arguments).await;
            assert!(
                reply.is_error() && reply.text().contains(said),
                "{tool}: {}",
                reply.text()
            );
        }
    }
}

#[tokio::test]
async fn a_user_of_dicom_hl7_mcp_searches_and_summarises() {
    let study = ct("chest").size(16).slices(2).and(pdf());
    let archive = MockArchive::start().await;
    archive.load(&study).unwrap();
    let config = Config::for_dimse(
        &archive.dimse_addr().to_string(),
        archive.ae_title().as_str(),
    )
    .unwrap();
    let client = Client::with_profile(config, Profile::DicomHl7Mcp).await;
    for (tool, arguments, said) in [
        ("pacs_echo", json!({}), "echo: answered"),
        ("pacs_query", json!({"modality": "CT"}), "1 study"),
        (
            "pacs_query",
            json!({"query_level": "SERIES", "study_instance_uid": study.study_uid()}),
            "series",
        ),
        (
            "pacs_get_metadata",
            json!({"study_instance_uid": study.study_uid()}),
            "Series",
        ),
        (
            "pacs_study_summary",
            json!({"study_instance_uid": study.study_uid()}),
            "Patient",
        ),
        (
            "lookup_dicom_tag",
            json!({"tag": "(0010,0010)"}),
            "PatientName",
        ),
        ("explain_dicom_tag", json!({"tag": "PatientID"}), "00"),
    ] {
        let reply = client.plain(tool, arguments).await;
        assert!(
            !reply.is_error() && reply.text().contains(said),
            "{tool}: {}",
            reply.text()
        );
    }
    let refused = client
        .plain(
            "pacs_retrieve",
            json!({"study_instance_uid": study.study_uid(), "destination_ae_title": "X"}),
        )
        .await;
    assert!(refused.refusal().contains("--allow-move"));
    let refused = client
        .plain("pacs_query", json!({"query_level": "SERIES"}))
        .await;
    assert!(refused.is_error(), "{}", refused.text());
}

#[tokio::test]
async fn the_tool_list() {
    let client = Client::at("http://127.0.0.1:1/dicomweb").await;
    let tools = client.tools().await;
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(names, sorted);
    for tool in &tools {
        assert!(
            tool.title.is_some() && tool.description.is_some() && tool.annotations.is_some(),
            "{}",
            tool.name
        );
        let input = Json::Object(tool.input_schema.as_ref().clone());
        assert_eq!(input["additionalProperties"], false, "{}", tool.name);
        let output = Json::Object(tool.output_schema.as_ref().unwrap().as_ref().clone());
        for schema in [input, output] {
            jsonschema::meta::validate(&schema).unwrap();
            jsonschema::draft202012::new(&schema).unwrap();
        }
    }
    insta::assert_json_snapshot!(tools);
}
