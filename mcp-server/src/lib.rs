//! An MCP server that searches, reads, shows and stores imaging data and never says more than the archive did.
