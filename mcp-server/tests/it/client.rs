//! An MCP client in the same process, and what it reads from answers.

use dicom_mcp_server::config::Config;
use dicom_mcp_server::profile::Profile;
use dicom_mcp_server::server::Server;
use dicom_mcp_server::tools::{self, Session};
use rmcp::ServiceExt;
use rmcp::model::{CallToolRequestParams, CallToolResult, Tool};
use rmcp::service::{RoleClient, RunningService};
use serde_json::Value as Json;

/// A client that is connected to a server of its own.
pub(crate) struct Client {
    service: RunningService<RoleClient, ()>,
}

impl Client {
    /// A server with this configuration, and a client of it.
    pub(crate) async fn of(config: Config) -> Self {
        Self::with_profile(config, Profile::Native).await
    }

    /// A server with the tools of a profile, and a client of it.
    pub(crate) async fn with_profile(config: Config, profile: Profile) -> Self {
        let server = Server::new(Session::new(config).unwrap()).with_profile(profile);
        let (here, there) = tokio::io::duplex(1 << 20);
        tokio::spawn(async move {
            let (input, output) = tokio::io::split(there);
            dicom_mcp_server::stdio::serve(server, input, output)
                .await
                .unwrap();
        });
        Self {
            service: ().serve(here).await.unwrap(),
        }
    }

    /// A client of a server for the archive at this address.
    pub(crate) async fn at(address: &str) -> Self {
        Self::of(Config::for_host(address).unwrap()).await
    }

    /// A client of a server for the archive at this DIMSE address.
    pub(crate) async fn over_dimse(address: impl ToString, called: &str) -> Self {
        Self::of(Config::for_dimse(&address.to_string(), called).unwrap()).await
    }

    pub(crate) async fn tools(&self) -> Vec<Tool> {
        self.service.list_all_tools().await.unwrap()
    }

    /// Calls a tool of any name.
    pub(crate) async fn raw(
        &self,
        tool: &str,
        arguments: Json,
    ) -> Result<CallToolResult, rmcp::ServiceError> {
        let mut params = CallToolRequestParams::new(tool.to_owned());
        params.arguments = arguments.as_object().cloned();
        self.service.call_tool(params).await
    }

    /// Calls a tool of another profile.
    pub(crate) async fn plain(&self, tool: &str, arguments: Json) -> Reply {
        Reply(self.raw(tool, arguments).await.unwrap())
    }

    /// The connection itself.
    pub(crate) fn service(&self) -> &RunningService<RoleClient, ()> {
        &self.service
    }

    /// Calls a tool; whatever comes back has the shape that the tool promises.
    pub(crate) async fn call(&self, tool: &str, arguments: Json) -> Reply {
        let result = self.raw(tool, arguments).await.unwrap();
        check(tool, &result);
        Reply(result)
    }
}

fn check(tool: &str, result: &CallToolResult) {
    let tool = tools::all()
        .iter()
        .find(|known| known.name == tool)
        .unwrap();
    match &result.structured_content {
        Some(structured) => {
            let validator = jsonschema::validator_for(&(tool.output)()).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(structured)
                .map(|error| error.to_string())
                .collect();
            assert!(
                errors.is_empty(),
                "{}: {errors:?} in {structured:#}",
                tool.name
            );
        }
        None => assert_eq!(
            result.is_error,
            Some(true),
            "{}: a success without structured content",
            tool.name
        ),
    }
}

/// The answer of a tool.
pub(crate) struct Reply(pub(crate) CallToolResult);

impl Reply {
    pub(crate) fn is_error(&self) -> bool {
        self.0.is_error == Some(true)
    }

    pub(crate) fn text(&self) -> String {
        let texts = self.0.content.iter().filter_map(|block| block.as_text());
        texts
            .map(|text| text.text.clone())
            .collect::<Vec<_>>()
            .join("\n")
    }

    pub(crate) fn structured(&self) -> &Json {
        self.0
            .structured_content
            .as_ref()
            .unwrap_or_else(|| panic!("no structured content: {}", self.text()))
    }

    /// Media type and bytes of the picture.
    pub(crate) fn picture(&self) -> Option<(String, Vec<u8>)> {
        use base64::Engine as _;
        let image = self.0.content.iter().find_map(|block| block.as_image())?;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(&image.data)
            .unwrap();
        Some((image.mime_type.clone(), bytes))
    }

    /// The text of an answer that has to be an error.
    pub(crate) fn refusal(&self) -> String {
        assert!(self.is_error(), "not an error: {}", self.text());
        self.text()
    }

    /// The text of an answer that has to be none.
    pub(crate) fn success(&self) -> String {
        assert!(!self.is_error(), "{}", self.text());
        self.text()
    }

    /// Text and structured content as a snapshot shows them.
    pub(crate) fn told(&self) -> String {
        let head = if self.is_error() { "error\n" } else { "" };
        let structured = self
            .0
            .structured_content
            .as_ref()
            .map(|json| format!("\n---\n{json:#}"));
        format!("{head}{}{}", self.text(), structured.unwrap_or_default())
    }
}
