"""Several shops train one head, or one set of adapters, each on windows that stay with it (needs ``flwr``)."""
