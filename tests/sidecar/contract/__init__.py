"""The API against its own OpenAPI: schemathesis asks everything that it says, and everything that it forbids."""
