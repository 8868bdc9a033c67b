"""Measures bits per byte of a served model on the test part; baselines.py measures what it is compared with.

    softprompt serve --model embedded
    python evaluate.py --corpus DIR --tokenizer FILE [--url http://127.0.0.1:8080] [--json FILE]

The model is asked over HTTP (`echo` with `logprobs`), so what is measured is the bundle that is shipped, in its precision.
"""

import argparse
import json
import urllib.request
from pathlib import Path

import numpy as np

from scoring import Floats, Ids, token_nats
from test_part import read_test_part, report

STRIDE = 128


class Served:
    """The base model of a running server."""

    def __init__(self, url: str) -> None:
        self.url = url
        with urllib.request.urlopen(f"{url}/v1/models") as answer:
            model = json.load(answer)["data"][0]
        self.name: str = model["root"]

    def nats(self, ids: Ids) -> Floats:
        """Negative log-likelihood of every id but the first behind those before it: [length - 1] of [length]."""
        body = {"model": self.name, "prompt": ids.tolist(), "max_tokens": 0, "echo": True, "logprobs": 0}
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{self.url}/v1/completions", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            return -np.array(json.load(answer)["choices"][0]["logprobs"]["token_logprobs"][1:])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, required=True)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    part = read_test_part(options.corpus, options.tokenizer)
    served = Served(options.url)
    print(f"{served.name}: {part.size} bytes, {len(part.ids)} tokens", flush=True)
    # A prompt holds at most 512 tokens, while a window of training has one more, the last one's target.
    report(part.figures("served", token_nats(served.nats, part.ids, 511, STRIDE)), options.json)
