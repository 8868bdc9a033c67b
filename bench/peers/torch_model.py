"""A causal language model on a device of torch, and clocks that wait for it."""

import pathlib
import time

import torch
import transformers

import gguf_float32


def load(source, dtype=torch.float32, device="cpu"):
    """The model in transformers' own class, out of a GGUF file (dequantised) or a Hugging Face directory."""
    if pathlib.Path(source).is_dir():
        model = transformers.AutoModelForCausalLM.from_pretrained(source, dtype=dtype)
    else:
        model = gguf_float32.load(source, dtype)
    return model.eval().to(device)


def seconds(device):
    """A clock's reading after all work that the device was given so far."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def describe(device):
    """The device for a table, as `NVIDIA H200 (cuda:0), CUDA 13.0`, or `cpu`."""
    if torch.device(device).type != "cuda":
        return str(device)
    return f"{torch.cuda.get_device_name(device)} ({device}), CUDA {torch.version.cuda}"


def add_arguments(parser):
    parser.add_argument("--weights", required=True, help="a GGUF file or a Hugging Face directory")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--device", default="cpu", help="of torch: cpu, cuda:0")
    parser.add_argument("--dtype", default="float32", choices=["float32", "float16"])
