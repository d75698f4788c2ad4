"""Training of two-tower models; needs the ``train`` and ``clip`` extras."""
