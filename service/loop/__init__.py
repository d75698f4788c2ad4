"""The self-tuning loop: what shoppers do becomes a better head, which goes live only where it proves itself."""
