"""How fast a card's memory is: a large copy inside it."""

import argparse

import torch

from torch_model import describe, seconds
from worker import serve

# Far more than the card's caches hold.
BUFFER_BYTES = 2**30
PASSES = 10


def bandwidth(device):
    """Bytes a second, each byte that is copied counted twice: it is read and written."""
    source = torch.ones(BUFFER_BYTES, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    target.copy_(source)
    start = seconds(device)
    for _ in range(PASSES):
        target.copy_(source)
    rate = 2 * BUFFER_BYTES * PASSES / (seconds(device) - start)
    del source, target
    if torch.device(device).type == "cuda":
        torch.cuda.empty_cache()  # the systems beside it need the memory
    return {"bytesPerSecond": rate}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", required=True)
    device = parser.parse_args().device
    serve(describe(device), {"bandwidth": lambda: bandwidth(device)})


if __name__ == "__main__":
    main()
