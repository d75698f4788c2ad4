"""Who is here and what did they do: events, behaviour signals, sessions, encrypted profiles."""
