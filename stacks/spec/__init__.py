"""The typed stack file: one module per section, plain pydantic, no Pulumi."""
