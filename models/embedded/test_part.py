"""The test part as every model is measured on it. A document counts as its bytes and one more for its end."""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from corpus import Row, read_part
from scoring import byte_lengths
from tokens import encode

Figures = dict[str, float]
"""Bits per byte by the name of a measurement."""


@dataclass(frozen=True)
class TestPart:
    rows: list[Row]
    ids: np.ndarray
    """The stream of tokens; an end token, which is 0, stands before every document."""
    lengths: np.ndarray
    """Bytes of each token of the vocabulary."""
    tokenizer: Tokenizer

    @property
    def texts(self) -> list[str]:
        return [row["text"] for row in self.rows]

    @property
    def size(self) -> int:
        """Bytes, with one for each document's end."""
        return int(self.lengths[self.ids].sum())

    def bits(self, nats: np.ndarray) -> float:
        """Bits per byte from the nats of the whole stream, whatever its tokens are."""
        return float(nats.sum()) / math.log(2) / self.size

    def figures(self, name: str, nats: np.ndarray) -> Figures:
        """In all and by source, from the nats of every token but the first."""
        result = {name: self.bits(nats)}
        documents = np.cumsum(self.ids == 0)[1:] - 1
        for source in sorted({row["source"] for row in self.rows}):
            chosen = np.array([row["source"] == source for row in self.rows])[documents]
            size = int(self.lengths[self.ids[1:]][chosen].sum())
            result[f"{name}: {source}"] = float(nats[chosen].sum()) / math.log(2) / size
        return result


def read_test_part(corpus: Path, tokenizer_json: Path) -> TestPart:
    """From the directory that `corpus.py` wrote, in the tokens of a model."""
    tokenizer = Tokenizer.from_file(str(tokenizer_json))
    rows = read_part(corpus, "test")
    ids = encode(tokenizer, [row["text"] for row in rows])
    return TestPart(rows, ids, byte_lengths(tokenizer_json), tokenizer)


def report(figures: Figures, out: Path | None) -> None:
    """Prints figures, and writes them as JSON where a file is named."""
    for name, value in figures.items():
        print(f"{name}: {value:.4f}", flush=True)
    if out is not None:
        out.write_text(json.dumps({name: round(value, 4) for name, value in figures.items()}, indent=2) + "\n")
