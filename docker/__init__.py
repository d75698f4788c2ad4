"""Images and compose files."""
