"""Given a query, candidates and their signals: in which order, and why. Takes values, never fetches them."""
