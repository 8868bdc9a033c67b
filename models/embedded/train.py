"""Trains the model for a given time, and goes on from its checkpoint where there is one.

    python train.py --tokens DIR --out DIR --minutes 95

The schedule follows the time spent in steps, so it ends in time on a busy machine too; a pause of the process is not
counted. Writes checkpoint.pt (replaced as a whole), curve.csv, and lines to standard output.
"""

import argparse
import csv
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from initial_embeddings import initial_embeddings
from model import Config, Decoder, count_parameters
from muon import Muon
from scoring import byte_lengths
from windows import Windows, bits_per_byte

SEED = 1
MICRO_TOKENS = 1024
MUON_LR, ADAM_LR = 0.02, 2e-3
WARMUP_STEPS = 40
# Parts of the budget from which the learning rate falls, and batches are larger.
DECAY_FROM, LARGE_BATCH_FROM = 0.6, 0.4
# Lengths of the windows, from the part of the budget at which they begin.
WINDOW_LENGTHS = ((0.75, 512), (0.35, 256), (0.0, 128))
# From here on one window in so many is taken from the mails alone: of all sources they are the hardest to guess.
MAILS_FROM, MAILS_EVERY = 0.5, 8
LOG_SECONDS, CHECK_SECONDS = 20.0, 300.0
CHECK_TOKENS = 16_000


def rate_at(step: int, progress: float) -> float:
    """Factor of the learning rates: a warm-up of steps, then constant, then falling to a hundredth."""
    warm = min(1.0, (step + 1) / WARMUP_STEPS)
    return warm * min(1.0, max(0.01, (1 - progress) / (1 - DECAY_FROM)))


class Trainer:
    """Model, optimisers and what has been done, as they lie in the checkpoint."""

    def __init__(self, tokens: Path, out: Path, threads: int) -> None:
        torch.manual_seed(SEED)
        torch.set_num_threads(1)
        self.out = out
        self.model = Decoder(Config())
        self.params = list(self.model.parameters())
        matrices = [p for name, p in self.model.named_parameters() if name.endswith("proj.weight")]
        others = [p for name, p in self.model.named_parameters() if not name.endswith("proj.weight")]
        self.muon = Muon(matrices, lr=MUON_LR, momentum=0.95, weight_decay=0.01)
        self.adam = torch.optim.AdamW(others, lr=ADAM_LR, betas=(0.9, 0.95), weight_decay=0.0)
        self.windows = Windows(np.fromfile(tokens / "train.bin", dtype=np.uint16), SEED)
        self.mails = Windows(np.fromfile(tokens / "mails.bin", dtype=np.uint16), SEED)
        self.check_ids = np.fromfile(tokens / "validation.bin", dtype=np.uint16)[:CHECK_TOKENS]
        self.lengths = byte_lengths(tokens / "tokenizer.json")
        self.pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))
        self.step = 0
        self.tokens = 0
        self.seconds = 0.0
        self.curve: list[dict[str, float]] = []

    def train_step(self, progress: float) -> float:
        """One step; returns the mean loss in nats a token."""
        length = next(length for begin, length in WINDOW_LENGTHS if progress >= begin)
        batch = 8192 if progress >= LARGE_BATCH_FROM else 4096
        rows = MICRO_TOKENS // length
        starts = range(self.tokens // length, (self.tokens + batch) // length, rows)
        streams = [self.windows for _ in starts]
        if progress >= MAILS_FROM:
            streams[::MAILS_EVERY] = [self.mails for _ in streams[::MAILS_EVERY]]
        gradients = lambda stream, start: self._gradients(stream.batch(start, rows, length))
        results = list(self.pool.map(gradients, streams, starts))
        for index, param in enumerate(self.params):
            param.grad = sum(grads[index] for _, grads in results) / len(results)
        for optimizer, rate in ((self.muon, MUON_LR), (self.adam, ADAM_LR)):
            for group in optimizer.param_groups:
                group["lr"] = rate * rate_at(self.step, progress)
        torch.nn.utils.clip_grad_norm_(self.adam.param_groups[0]["params"], 1.0)
        self.muon.step(self.pool)
        self.adam.step()
        self.step += 1
        self.tokens += batch
        return sum(loss for loss, _ in results) / len(results)

    def _gradients(self, batch: tuple[Tensor, Tensor]) -> tuple[float, tuple[Tensor, ...]]:
        loss = self.model.loss(*batch)
        return loss.item(), torch.autograd.grad(loss, self.params)

    def check(self) -> float:
        return bits_per_byte(self.model, self.check_ids, self.lengths, stride=512)

    def save(self) -> None:
        state: dict[str, Any] = {
            "config": asdict(self.model.config),
            "model": self.model.state_dict(),
            "muon": self.muon.state_dict(),
            "adam": self.adam.state_dict(),
            "done": {"step": self.step, "tokens": self.tokens, "seconds": self.seconds, "curve": self.curve},
        }
        torch.save(state, self.out / "checkpoint.tmp")
        os.replace(self.out / "checkpoint.tmp", self.out / "checkpoint.pt")
        with (self.out / "curve.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, ["step", "tokens", "seconds", "loss", "validation_bits_per_byte"])
            writer.writeheader()
            writer.writerows(self.curve)

    def begin(self) -> None:
        """Takes up the checkpoint, or where there is none makes the embedding table's first values."""
        path = self.out / "checkpoint.pt"
        if not path.exists():
            table = self.model.embed_tokens.weight
            table.data.copy_(initial_embeddings(self.windows.ids, *table.shape))
            return
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])
        for name, value in state["done"].items():
            setattr(self, name, value)


def run(trainer: Trainer, budget: float) -> None:
    """Steps until `budget` seconds are spent."""
    durations: list[float] = []
    losses: list[float] = []
    logged, checked = trainer.seconds, trainer.seconds
    while trainer.seconds < budget:
        began = time.monotonic()
        losses.append(trainer.train_step(trainer.seconds / budget))
        durations = [*durations[-20:], time.monotonic() - began]
        # A step that took far longer than the others was stopped: that is no training time.
        trainer.seconds += min(durations[-1], 3 * statistics.median(durations))
        is_last = trainer.seconds >= budget
        if trainer.seconds - logged < LOG_SECONDS and not is_last:
            continue
        row = {"step": trainer.step, "tokens": trainer.tokens, "seconds": round(trainer.seconds, 1)}
        row["loss"] = round(statistics.mean(losses), 4)
        per_second = trainer.tokens / trainer.seconds
        if trainer.seconds - checked >= CHECK_SECONDS or is_last:
            checked = trainer.seconds
            row["validation_bits_per_byte"] = round(trainer.check(), 4)
        trainer.curve.append(row)
        if "validation_bits_per_byte" in row:
            trainer.save()
        logged, losses = trainer.seconds, []
        print(row, f"{per_second:.0f} tokens/s, {(budget - trainer.seconds) / 60:.1f} minutes left", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(options.tokens, options.out, options.threads)
    trainer.begin()
    print(f"{count_parameters(trainer.model)} parameters, {len(trainer.windows.ids)} tokens", flush=True)
    run(trainer, options.minutes * 60)
