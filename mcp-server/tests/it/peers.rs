//! Users of other servers change one line of their settings: names and parameters are the same.

use std::collections::BTreeSet;

use serde_json::Value as Json;

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
