"""A stand-in for ``pulumi-language-python``: runs Python programs for the engine where the official install is out of reach."""
