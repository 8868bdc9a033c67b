"""Measures bits per byte of the model on the test part; baselines.py measures what it is compared with.

    python evaluate.py --checkpoint FILE --corpus DIR --tokens DIR [--url http://127.0.0.1:8080] [--json FILE]

With --url the bundle that a server has loaded is measured instead of the checkpoint, in the same windows.
"""

import argparse
import json
import urllib.request
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from export import load
from test_part import read_test_part, report
from windows import token_nats

STRIDE = 128


def served(url: str) -> Callable[[Tensor], Tensor]:
    """Nats of all but the first of some ids, from the log-probabilities that a server gives for a prompt."""
    with urllib.request.urlopen(f"{url}/v1/models") as answer:
        name = json.load(answer)["data"][0]["root"]

    def nats(ids: Tensor) -> Tensor:
        body = {"model": name, "prompt": ids.tolist(), "max_tokens": 0, "echo": True, "logprobs": 1}
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(f"{url}/v1/completions", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            return -torch.tensor(json.load(answer)["choices"][0]["logprobs"]["token_logprobs"][1:])

    return nats


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--tokens", type=Path, required=True)
    parser.add_argument("--url")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    model = load(options.checkpoint)
    context = model.config.context_length
    part = read_test_part(options.corpus, options.tokens)
    if options.url is None:
        name, nats = "model, float32", token_nats(model.nats, part.ids, context, STRIDE)
    else:
        # A prompt holds at most `context` tokens, while a window of training has one more, the last one's target.
        name, nats = "bundle, served", token_nats(served(options.url), part.ids, context - 1, STRIDE)
    report(part.figures(name, nats), options.json)
