"""Trains the tokenizer and turns the corpus into token ids.

    python tokens.py --corpus DIR --out DIR

Writes tokenizer.json and, for each part, PART.bin: uint16 ids, every document behind an <|endoftext|>. mails.bin has the
mails of the train part once more, of which the second half of the training reads more.
"""

import argparse
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from corpus import PARTS, read_part

VOCAB_SIZE = 4096
END = "<|endoftext|>"


def train_tokenizer(texts: list[str]) -> Tokenizer:
    """Byte-level BPE without normalisation; digits are tokens of their own, as in SmolLM2's tokenizer."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCAB_SIZE,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def encode(tokenizer: Tokenizer, texts: list[str]) -> np.ndarray:
    """Ids of the texts, each behind an end token, as one uint16 array."""
    end = tokenizer.token_to_id(END)
    ids: list[int] = []
    for encoding in tokenizer.encode_batch_fast(texts):
        ids.append(end)
        ids.extend(encoding.ids)
    return np.array(ids, dtype=np.uint16)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    parts = {part: read_part(options.corpus, part) for part in PARTS}
    parts["mails"] = [row for row in parts["train"] if row["source"] == "mails"]
    tokenizer = train_tokenizer([row["text"] for row in parts["train"]])
    tokenizer.save(str(options.out / "tokenizer.json"))
    for part, rows in parts.items():
        ids = encode(tokenizer, [row["text"] for row in rows])
        ids.tofile(options.out / f"{part}.bin")
        size = sum(len(row["text"].encode()) for row in rows)
        print(f"{part}: {len(rows)} documents, {size} bytes, {len(ids)} tokens")
