"""Measures bits per byte on the test part beside xz and 5-gram models, in all and by source.

    python evaluate.py --checkpoint FILE --corpus DIR --tokens DIR [--json FILE] [--url http://127.0.0.1:8080]

A document counts as its bytes and one more for its end, for every model. With --url the bundle that a server has loaded
is measured too, with the same windows.
"""

import argparse
import json
import lzma
import math
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from corpus import Row, read_part
from export import load
from ngram import NGram
from tokens import encode
from windows import byte_lengths, token_nats

STRIDE = 256
ORDER = 5
Scorer = Callable[[np.ndarray], np.ndarray]
"""Nats of every token of a stream but the first."""


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


def n_gram_scorer(model: NGram) -> Scorer:
    return lambda ids: -np.log(model.probabilities(ids.astype(np.int64)))[1:]


def server_scorer(url: str) -> Scorer:
    """Scores with the model that a server has loaded, in the windows of `token_nats`."""
    with urllib.request.urlopen(f"{url}/v1/models") as answer:
        name = json.load(answer)["data"][0]["root"]

    def window(block: Tensor) -> Tensor:
        body = {"model": name, "prompt": block.tolist(), "max_tokens": 0, "echo": True, "logprobs": 1}
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{url}/v1/completions", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            values = json.load(answer)["choices"][0]["logprobs"]["token_logprobs"]
        return -torch.tensor(values[1:])

    # The last token of a window is read too, and the context has no place for one more.
    return lambda ids: token_nats(window, ids, 511, STRIDE)


def main(options: argparse.Namespace) -> None:
    torch.set_num_threads(options.threads)
    model = load(options.checkpoint)
    tokenizer = Tokenizer.from_file(str(options.tokens / "tokenizer.json"))
    lengths = byte_lengths(options.tokens / "tokenizer.json").numpy()
    train = distinct(read_part(options.corpus, "train"))
    rows = read_part(options.corpus, "test")
    test = [row["text"] for row in rows]
    size = sum(len(text.encode()) + 1 for text in test)
    ids = encode(tokenizer, test)
    assert int(lengths[ids].sum()) == size

    figures: dict[str, float] = {"test bytes": size, "test documents": len(test), "test tokens": len(ids)}
    alone, both, only_train = compressed(test), compressed(train + test), compressed(train)
    figures["xz -9e, test alone"] = 8 * alone / size
    figures["xz -9e, train and test less train"] = 8 * (both - only_train) / size

    byte_model = NGram(stream_of_bytes(train), ORDER, 8, 256)
    figures["5-gram of bytes"] = bits(n_gram_scorer(byte_model)(stream_of_bytes(test)), size)
    token_model = NGram(encode(tokenizer, train).astype(np.int64), ORDER, 12, len(lengths))
    scorers: dict[str, Scorer] = {
        "5-gram of tokens": n_gram_scorer(token_model),
        "model, float32": lambda stream: token_nats(model.nats, stream, model.config.context_length, STRIDE),
    }
    if options.url is not None:
        scorers["bundle, served"] = server_scorer(options.url)
    for name, score in scorers.items():
        nats = score(ids)
        figures[name] = bits(nats, size)
        for source, part in by_source(rows, ids, nats, lengths).items():
            figures[f"{name}: {source}"] = part
    for name, value in figures.items():
        print(f"{name}: {value:.4f}")
    if options.json is not None:
        options.json.write_text(json.dumps({k: round(v, 4) for k, v in figures.items()}, indent=2) + "\n")


def bits(nats: np.ndarray, size: int) -> float:
    return float(nats.sum()) / math.log(2) / size


def by_source(rows: list[Row], ids: np.ndarray, nats: np.ndarray, lengths: np.ndarray) -> dict[str, float]:
    """Bits per byte of each source. The token that begins a document counts for the document."""
    documents = np.cumsum(ids == 0)[1:] - 1
    result: dict[str, float] = {}
    for source in sorted({row["source"] for row in rows}):
        is_there = np.array([row["source"] == source for row in rows])[documents]
        result[source] = bits(nats[is_there], int(lengths[ids[1:]][is_there].sum()))
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tokens", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--url")
    parser.add_argument("--threads", type=int, default=2)
    main(parser.parse_args())
