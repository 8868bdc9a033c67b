"""Windows of a stream of token ids: the batches of training and the measure of bits per byte."""

import math

import numpy as np
import torch
from torch import Tensor

from model import Decoder
from scoring import token_nats


class Windows:
    """Windows of a stream in a shuffled order, the same for the same seed; after the last one a new order begins."""

    def __init__(self, ids: np.ndarray, seed: int) -> None:
        self.ids = ids
        self.seed = seed

    def batch(self, start: int, count: int, length: int) -> tuple[Tensor, Tensor]:
        """Ids and the ids after them, both [count, length], of windows `start` and on in that order.

        `start` counts windows of `length`, so a change of the length has to carry it over in tokens.
        """
        per_epoch = (len(self.ids) - 1) // length
        rows = []
        for index in range(start, start + count):
            epoch, place = divmod(index, per_epoch)
            order = np.random.default_rng([self.seed, length, epoch]).permutation(per_epoch)
            first = int(order[place]) * length
            rows.append(self.ids[first : first + length + 1].astype(np.int64))
        block = torch.from_numpy(np.stack(rows))
        return block[:, :-1], block[:, 1:]


def bits_per_byte(model: Decoder, ids: np.ndarray, lengths: np.ndarray, stride: int) -> float:
    """Mean bits for a byte of a stream."""
    score = lambda block: model.nats(torch.from_numpy(block)).numpy()
    nats = token_nats(score, ids, model.config.context_length, stride)
    return float(nats.sum()) / math.log(2) / int(lengths[ids[1:]].sum())
