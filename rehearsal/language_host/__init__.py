"""A stand-in for ``pulumi-language-python``: runs programs where the official install is out of reach."""
