"""The local OpenSearch node: put together from published artifacts, started, found again, stopped."""
