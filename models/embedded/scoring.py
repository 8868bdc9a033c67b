"""Bits per byte of a stream of token ids, without a framework: whatever model gives the likelihoods is measured alike."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]


def byte_lengths(tokenizer_json: Path) -> Ids:
    """Bytes of each token. A byte-level token has one character a byte; the end of a document counts as one."""
    json_ = json.loads(tokenizer_json.read_text("utf8"))
    lengths = np.zeros(len(json_["model"]["vocab"]), dtype=np.int64)
    for token, index in json_["model"]["vocab"].items():
        lengths[index] = len(token)
    for added in json_["added_tokens"]:
        lengths[added["id"]] = 1
    return lengths


def token_nats(score: Callable[[Ids], Floats], ids: np.ndarray, context: int, stride: int) -> Floats:
    """Nats of every token of a stream but the first.

    `score` gives those of all but the first of up to context + 1 ids. Windows are `stride` apart. Every token is scored
    once, and all but those of the first window behind at least context - stride others.
    """
    parts: list[Floats] = []
    done = 1
    for start in range(0, len(ids), stride):
        block = ids[start : start + context + 1].astype(np.int64)
        new = start + len(block) - done
        if new <= 0:
            break
        parts.append(score(block)[-new:].astype(np.float64))
        done += new
    return np.concatenate(parts)
