"""Records what transformers computes on a GGUF file dequantised to float32, for compare.ts: the exact oracle.

    pip install torch==2.13.0 transformers==5.17.0 gguf
    python scripts/parity/transformers-gguf.py MODEL.gguf --ids llama-cpp.json --out transformers.json

The token ids come from another record (--ids): transformers' own conversion of a GGUF tokenizer loses the
model's pre-tokenizer, so its ids are no reference.
"""

import argparse
import json
import pathlib

import torch
import transformers

GREEDY_TOKENS = 32
TOP = 20


@torch.no_grad()
def record_prompt(model, text, ids):
    """Full forwards without a cache, so that nothing but the weights and the ids enters."""
    steps, sequence = [], list(ids)
    for _ in range(GREEDY_TOKENS):
        logprobs = model(torch.tensor([sequence]), use_cache=False).logits[0, -1].log_softmax(-1)
        top = logprobs.topk(TOP)
        steps.append(
            {
                "id": top.indices[0].item(),
                "top": [[i, round(p, 6)] for i, p in zip(top.indices.tolist(), top.values.tolist())],
            }
        )
        sequence.append(steps[-1]["id"])
    return {"text": text, "ids": ids, "steps": steps}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("gguf", type=pathlib.Path)
    parser.add_argument("--ids", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    reference = json.loads(args.ids.read_text())
    model = transformers.AutoModelForCausalLM.from_pretrained(
        str(args.gguf.resolve().parent), gguf_file=args.gguf.name, dtype=torch.float32
    ).eval()
    record = {
        "source": f"transformers {transformers.__version__} (torch {torch.__version__}), dequantised to float32",
        "tokenize": [],
        "prompts": [record_prompt(model, p["text"], p["ids"]) for p in reference["prompts"]],
    }
    args.out.write_text(json.dumps(record) + "\n")


if __name__ == "__main__":
    main()
