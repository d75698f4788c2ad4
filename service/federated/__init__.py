"""Federated training between processes: who leads, who joins, and how they find each other (needs ``flwr``)."""
