"""Measures bits per byte of xz and of 5-gram models on the test part.

    python baselines.py --corpus DIR --tokenizer FILE [--json FILE]
"""

import argparse
import lzma
from pathlib import Path

import numpy as np

from corpus import Row, read_part
from ngram import NGram
from test_part import Figures, read_test_part, report
from tokens import encode

ORDER = 5


def distinct(rows: list[Row]) -> list[str]:
    """The texts without those that begin another one: counting a text twice makes an n-gram model worse."""
    texts = sorted({row["text"] for row in rows})
    return [text for text, after in zip(texts, [*texts[1:], ""]) if not after.startswith(text)]


def compressed(texts: list[str]) -> int:
    """Bytes of `xz -9e` of the texts, each followed by a zero byte."""
    return len(lzma.compress(b"".join(text.encode() + b"\0" for text in texts), preset=9 | lzma.PRESET_EXTREME))


def stream_of_bytes(texts: list[str]) -> np.ndarray:
    """The texts as bytes, each behind a zero byte."""
    return np.frombuffer(b"".join(b"\0" + text.encode() for text in texts), dtype=np.uint8).astype(np.int64)


def nats(model: NGram, ids: np.ndarray) -> np.ndarray:
    """Of every token of a stream but the first."""
    return -np.log(model.probabilities(ids.astype(np.int64)))[1:]


def measure(corpus: Path, tokenizer: Path) -> Figures:
    part = read_test_part(corpus, tokenizer)
    train = distinct(read_part(corpus, "train"))
    figures: Figures = {}
    figures["xz -9e, test alone"] = 8 * compressed(part.texts) / part.size
    more = compressed(train + part.texts) - compressed(train)
    figures["xz -9e, train and test less train"] = 8 * more / part.size
    of_bytes = NGram(stream_of_bytes(train), ORDER, bits=8, vocab_size=256)
    figures["5-gram of bytes"] = part.bits(nats(of_bytes, stream_of_bytes(part.texts)))
    ids = encode(part.tokenizer, train).astype(np.int64)
    of_tokens = NGram(ids, ORDER, bits=12, vocab_size=len(part.lengths))
    return figures | part.figures("5-gram of tokens", nats(of_tokens, part.ids))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    report(measure(options.corpus, options.tokenizer), options.json)
