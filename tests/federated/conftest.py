"""These need Flower, which has an environment of its own: make test-federated."""

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("flwr") else ["test_*.py"]
