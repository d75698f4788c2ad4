"""How the fused ranker is trained (needs the ``train`` extra)."""
