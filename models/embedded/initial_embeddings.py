"""First values of the embedding table from what stands near what in the corpus.

The time for training lets the model read the corpus less than once; counting reads all of it in seconds. The rows are
the leading singular vectors of positive pointwise mutual information (Levy and Goldberg 2014).
"""

import numpy as np
import torch
from torch import Tensor

REACH = 4
"""Tokens to each side that count as near; one at distance d counts 1 / d."""
STD = 0.05


def initial_embeddings(ids: np.ndarray, vocab_size: int, width: int) -> Tensor:
    """Rows [vocab_size, width] of standard deviation STD for a stream of ids; the same for the same stream."""
    counts = np.zeros(vocab_size * vocab_size)
    wide = ids.astype(np.int64)
    for distance in range(1, REACH + 1):
        pairs = wide[:-distance] * vocab_size + wide[distance:]
        counts += np.bincount(pairs, minlength=vocab_size * vocab_size) / distance
    near = counts.reshape(vocab_size, vocab_size)
    near += near.T.copy()
    # Contexts by the power 3/4, which keeps rare ones from counting too much (Levy, Goldberg and Dagan 2015).
    rows, columns = near.sum(1), near.sum(0) ** 0.75
    expected = np.outer(rows, columns / columns.sum()) + 1e-12
    information = torch.from_numpy(np.log(np.maximum(near / expected, 1.0))).float()
    generator = torch.Generator().manual_seed(0)
    sketch = information @ torch.randn(vocab_size, width + 32, generator=generator)
    for _ in range(3):
        basis = torch.linalg.qr(sketch).Q
        sketch = information @ (information.T @ basis)
    basis = torch.linalg.qr(sketch).Q
    left, values, _ = torch.linalg.svd(basis.T @ information, full_matrices=False)
    table = (basis @ left[:, :width]) * values[:width].sqrt()
    # Any rotation of the directions is as good; a random one spreads the large ones over all columns.
    rotation = torch.linalg.qr(torch.randn(width, width, generator=generator)).Q
    norms = table.norm(dim=1, keepdim=True)
    usual = norms.median()
    table = table @ rotation / norms.clamp(min=1e-6) * norms.clamp(min=usual / 2, max=usual * 2)
    return table * (STD / table.std())
