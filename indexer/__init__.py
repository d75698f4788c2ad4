"""How a catalogue becomes documents in OpenSearch."""
