"""Writes mixed.safetensors, one tensor of each kind that decides the writing order, with the safetensors library."""

from pathlib import Path

import torch
from safetensors.torch import save_file

save_file(
    {
        "b": torch.tensor([[1.5, -2.0], [65504.0, 1e-7]], dtype=torch.float16),
        "a": torch.tensor([1.0, 3.140625], dtype=torch.bfloat16),
        "é\u007f\u2028\"\\/\x01": torch.tensor(2.5),
        "\U0001f600": torch.zeros(0, 3),
        "\uffff": torch.tensor([1.0]),
        "10": torch.tensor([7], dtype=torch.int64),
        "2": torch.tensor([True]),
        "d": torch.tensor([0.1], dtype=torch.float64),
        "u": torch.tensor([9], dtype=torch.uint8),
        "i": torch.tensor([-9], dtype=torch.int8),
        "c": torch.tensor([1 + 2j]),
        "f8": torch.tensor([1.0]).to(torch.float8_e4m3fn),
    },
    Path(__file__).parent / "mixed.safetensors",
    {"format": "pt"},
)
