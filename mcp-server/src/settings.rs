//! What to put into an MCP client's settings, for someone who starts the server by hand.

use serde_json::json;

/// Settings for clients, with the path of this very program.
pub fn for_clients() -> String {
    let program = std::env::current_exe().map_or_else(
        |_| "dicom-mcp-server".to_owned(),
        |path| path.display().to_string(),
    );
    settings(&program)
}

fn settings(program: &str) -> String {
    let demo = json!(["--demo"]);
    let pretty = |value: serde_json::Value| format!("{value:#}");
    format!(
        "This program is started by an MCP client, which talks to it over standard input and output. These settings show demo patients; \
         nothing else is needed. For Claude Desktop (claude_desktop_config.json) and Cursor (.cursor/mcp.json):\n\n{}\n\n\
         for VS Code (.vscode/mcp.json):\n\n{}\n\n\
         for Zed (settings.json):\n\n{}\n\n\
         Start the client again, and ask it for CT studies of John Doe. For an archive of yours put {} in place of \"args\": \
         its DICOMweb base address; DICOMWEB_AUTH, DICOMWEB_USER, DICOMWEB_PASS and DICOMWEB_TOKEN say who asks. For an archive over \
         DIMSE set DICOM_HOST, DICOM_PORT, DICOM_CALLED_AE_TITLE (its title) and DICOM_AE_TITLE (ours), instead or as well.",
        pretty(json!({"mcpServers": {"dicom": {"command": program, "args": demo}}})),
        pretty(json!({"servers": {"dicom": {"type": "stdio", "command": program, "args": demo}}})),
        pretty(
            json!({"context_servers": {"dicom": {"source": "custom", "command": program, "args": demo}}})
        ),
        r#""env": {"DICOMWEB_HOST": "http://127.0.0.1:8042/dicomweb"}"#,
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_settings_can_be_pasted() {
        insta::assert_snapshot!(super::settings("/usr/local/bin/dicom-mcp-server"));
    }
}
