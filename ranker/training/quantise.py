"""int8 weights whose use does not tie the pairs of a batch together.

ONNX Runtime's dynamic quantisation scales activations per tensor, so a pair's score moves by 0.01 to 0.02 with its
neighbours. Here weights have a scale per output and activations one per row, found as the graph runs, so a row's
result depends on that row alone. (``MatMulNBits`` has the same property, and took half as long again here.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def per_row(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Quantise a matrix of shape ``(rows, width)`` symmetrically, one scale a row.

    Returns:
        int8 of the same shape, and float32 scales of shape ``(rows, 1)``.
    """
    scales = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-12) / 127.0
    return np.clip(np.rint(table / scales), -127, 127).astype(np.int8), scales.astype(np.float32)
