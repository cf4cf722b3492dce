"""The authorization server, one module a specification; and how the API reads a token."""
