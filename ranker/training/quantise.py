"""int8 weights whose use does not tie the pairs of a batch together.

ONNX Runtime's dynamic quantisation scales activations per tensor, so a pair's score moves by 0.01 to 0.02 with its
neighbours. ``MatMulNBits`` scales weights per block of one output and activations per block of one row: as small, as
fast, and a row's result depends on that row alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK = 64


def blockwise(weight: NDArray[np.float32], block: int = BLOCK) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Quantise a weight of shape ``(outputs, inputs)`` symmetrically to 8 bits.

    Returns:
        uint8 of shape ``(outputs, inputs / block, block)`` with zero point 128, and float32 scales of shape
        ``(outputs * inputs / block,)``, as ``MatMulNBits`` takes them.

    Raises:
        ValueError: the inputs are no multiple of the block.
    """
    outputs, inputs = weight.shape
    if inputs % block:
        raise ValueError(f"{inputs} inputs are no multiple of the block of {block}")
    blocks = weight.reshape(outputs, inputs // block, block)
    scales = np.maximum(np.abs(blocks).max(axis=-1), 1e-12) / 127.0
    values = np.clip(np.rint(blocks / scales[..., None]), -127, 127) + 128
    return values.astype(np.uint8), scales.astype(np.float32).reshape(-1)


def per_row(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Quantise an embedding table of shape ``(rows, width)``, one scale a row.

    Returns:
        int8 of the same shape, and float32 scales of shape ``(rows, 1)``.
    """
    scales = np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-12) / 127.0
    return np.clip(np.rint(table / scales), -127, 127).astype(np.int8), scales.astype(np.float32)
