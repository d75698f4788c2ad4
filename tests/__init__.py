"""Unit tests, behaviour suites of the seams, and end-to-end tests on real components."""
