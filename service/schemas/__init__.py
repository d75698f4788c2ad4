"""The bodies that go in and out, one module a topic, as pydantic models: what OpenAPI shows is what is checked."""
