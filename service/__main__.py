"""``hybridrank`` and ``python -m service``."""

from __future__ import annotations

from .cli import build


def main() -> None:
    """Run the command line."""
    build()()


if __name__ == "__main__":
    main()
