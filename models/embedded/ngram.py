"""An n-gram model with interpolated modified Kneser-Ney smoothing (Chen and Goodman 1999), on arrays of packed n-grams."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Order:
    """What one order knows: its n-grams and their contexts as sorted packed numbers."""

    grams: Ids
    discounted: Floats
    """Count less discount, over the count of the context."""
    contexts: Ids
    backoff: Floats
    """Weight of the next lower order behind a context."""


def pack(ids: Ids, length: int, bits: int) -> Ids:
    """Every n-gram of a stream as one number, its first token in the high bits: [len(ids) - length + 1]."""
    packed = np.zeros(len(ids) - length + 1, dtype=np.int64)
    for offset in range(length):
        packed = (packed << bits) | ids[offset : len(ids) - length + 1 + offset]
    return packed


def discounts(counts: Ids) -> Floats:
    """What is taken off counts of 1, 2, and 3 or more (Chen and Goodman, equation 26); the first element is 0."""
    n1, n2, n3, n4 = (max(1, int((counts == n).sum())) for n in (1, 2, 3, 4))
    y = n1 / (n1 + 2 * n2)
    return np.clip([0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3], 0, [0, 1, 2, 3])


def estimate(grams: Ids, counts: Ids, bits: int) -> Order:
    """One order from its distinct n-grams, sorted, and their counts."""
    contexts, starts = np.unique(grams >> bits, return_index=True)
    totals = np.add.reduceat(counts, starts)
    off = discounts(counts)[np.minimum(counts, 3)]
    per_gram = np.repeat(totals, np.diff(np.append(starts, len(grams))))
    return Order(grams, (counts - off) / per_gram, contexts, np.add.reduceat(off, starts) / totals)


class NGram:
    """Trained on a stream of ids below 2**bits. Lower orders count the distinct tokens before an n-gram."""

    def __init__(self, ids: Ids, order: int, bits: int, vocab_size: int) -> None:
        if order * bits > 62:
            raise ValueError(f"{order} tokens of {bits} bits do not fit into 62 bits")
        self.bits = bits
        self.vocab_size = vocab_size
        self.orders: list[Order] = []
        grams, counts = np.unique(pack(ids, order, bits), return_counts=True)
        for length in range(order, 0, -1):
            self.orders.insert(0, estimate(grams, counts, bits))
            shorter = grams & ((1 << bits * (length - 1)) - 1)
            grams, counts = np.unique(shorter, return_counts=True)

    def probabilities(self, ids: Ids) -> Floats:
        """Of each token of a stream behind those before it."""
        result = np.full(len(ids), 1 / self.vocab_size)
        for length, order in enumerate(self.orders, start=1):
            if length > len(ids):
                break
            packed = pack(ids, length, self.bits)
            discounted = look_up(order.grams, order.discounted, packed, 0.0)
            backoff = look_up(order.contexts, order.backoff, packed >> self.bits, 1.0)
            result[length - 1 :] = discounted + backoff * result[length - 1 :]
        return result


def look_up(keys: Ids, values: Floats, wanted: Ids, missing: float) -> Floats:
    """The values of keys; `missing` for those that there are not."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], missing)
