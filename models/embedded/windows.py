"""Windows of a stream of token ids: the batches of training and the measure of bits per byte."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model import Decoder


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


def byte_lengths(tokenizer_json: Path) -> Tensor:
    """Bytes of each token. A byte-level token has one character a byte; the end of a document counts as one."""
    json_ = json.loads(tokenizer_json.read_text("utf8"))
    lengths = torch.zeros(len(json_["model"]["vocab"]), dtype=torch.int64)
    for token, index in json_["model"]["vocab"].items():
        lengths[index] = len(token)
    for added in json_["added_tokens"]:
        lengths[added["id"]] = 1
    return lengths


def token_nats(score: Callable[[Tensor], Tensor], ids: np.ndarray, context: int, stride: int) -> np.ndarray:
    """Nats of every token of a stream but the first.

    `score` gives those of all but the first of up to context + 1 ids. Windows are `stride` apart. Every token is scored
    once, and all but those of the first window behind at least context - stride others.
    """
    parts: list[Tensor] = []
    done = 1
    for start in range(0, len(ids), stride):
        block = torch.from_numpy(ids[start : start + context + 1].astype(np.int64))
        new = start + len(block) - done
        if new <= 0:
            break
        parts.append(score(block)[-new:])
        done += new
    return torch.cat(parts).double().numpy()


def bits_per_byte(model: Decoder, ids: np.ndarray, lengths: Tensor, stride: int) -> float:
    """Mean bits for a byte of a stream."""
    nats = token_nats(model.nats, ids, model.config.context_length, stride)
    return float(nats.sum()) / math.log(2) / int(lengths[torch.from_numpy(ids[1:].astype(np.int64))].sum())
