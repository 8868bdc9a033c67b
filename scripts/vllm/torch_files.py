"""Records what torch.save writes beside the numbers of a tensor, and checks with torch what this project writes.

    python scripts/vllm/torch_files.py record > test/fixtures/vllm/torch-files.json
    python scripts/vllm/torch_files.py check FILE ROWS WIDTH    (prints the sum of the numbers as float64)
"""

import base64
import io
import json
import sys
import zipfile

import torch

# Numbers of values that are written in one, two and four bytes.
SHAPES = [(2, 3), (20, 16), (300, 256)]


def record() -> None:
    cases = []
    for rows, width in SHAPES:
        tensor = (torch.arange(rows * width, dtype=torch.float32) / 8 - 3).reshape(rows, width)
        file = io.BytesIO()
        torch.save(tensor, file)
        with zipfile.ZipFile(file) as archive:
            records = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
        # The numbers themselves are long, and the same in every file.
        numbers = records.pop("data/0")
        assert numbers == tensor.numpy().tobytes()
        encoded = {name: base64.b64encode(content).decode() for name, content in records.items()}
        cases.append({"rows": rows, "width": width, "records": encoded})
    json.dump({"torch": torch.__version__, "cases": cases}, sys.stdout, indent=1)
    print()


def check(path: str, rows: int, width: int) -> None:
    tensor = torch.load(path, weights_only=True)
    assert tensor.dtype == torch.float32 and tuple(tensor.shape) == (rows, width), tensor
    print(json.dumps(tensor.double().sum().item()))


if __name__ == "__main__":
    if sys.argv[1] == "record":
        record()
    else:
        check(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
