"""Loads an adapter that this service trained with PEFT, and compares what PEFT computes with what the service said.

    pip install torch==2.13.0 transformers==5.17.0 peft==0.21.0     # and gguf for a GGUF file
    python scripts/parity/trained-peft.py MODEL FOLDER [--cases FILE --labels INDEX.json]

MODEL is a Hugging Face directory or a GGUF file (dequantised to float32), FOLDER what trained.ts wrote. Exits with 1
when a difference is beyond the tolerance. --cases records what PEFT computes on the texts of MODEL/../cases.json,
in the form of test/fixtures/peft/FAMILY/cases.json.
"""

import argparse
import json
import pathlib
import sys

import torch
import transformers
from peft import PeftModel

TOLERANCE = 2e-3


def load(model, folder):
    source = {"pretrained_model_name_or_path": str(model)}
    if model.suffix == ".gguf":
        source = {"pretrained_model_name_or_path": str(model.resolve().parent), "gguf_file": model.name}
    base = transformers.AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32)
    return PeftModel.from_pretrained(base, folder).eval()


def logits_of(model, ids):
    """Logits [positions, vocabulary], those of ids last, by a full forward."""
    method = model.active_peft_config.peft_type
    # Prefix tuning hands its keys and values over as a cache.
    options = {} if method == "PREFIX_TUNING" else {"use_cache": False}
    if method == "MULTITASK_PROMPT_TUNING":
        options["task_ids"] = torch.tensor([0])
    return model(input_ids=torch.tensor([ids]), **options).logits[0]


@torch.no_grad()
def logprobs(model, ids):
    return logits_of(model, ids).log_softmax(-1)


def greedy(model, ids, count):
    sequence = list(ids)
    for _ in range(count):
        sequence.append(logprobs(model, sequence)[-1].argmax().item())
    return sequence[len(ids) :]


def loglik(model, ids, target):
    rows = logprobs(model, [*ids, *target])[-len(target) - 1 : -1]
    return sum(row[token].item() for row, token in zip(rows, target))


def compare(model, record):
    equal, tops, scores = 0, [], []
    for prompt in record["prompts"]:
        # One forward over all steps: row i is what follows the first i greedy tokens.
        chosen = [step["id"] for step in prompt["steps"]]
        rows = logprobs(model, prompt["ids"] + chosen)[-len(chosen) - 1 : -1]
        best = rows.argmax(-1).tolist()
        equal += best == chosen
        tops += [abs(row[i].item() - p) for row, step in zip(rows, prompt["steps"]) for i, p in step["top"]]
    for score in record["scores"]:
        scores.append(abs(loglik(model, score["ids"], score["target"]) - score["loglik"]))
    return equal, tops, scores


def record_cases(model, cases, labels):
    """As record.py beside the fixtures does it. The ids of text and labels are those of the recorded tokenizer."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(cases.parent / "model")
    targets = [tokenizer(label, add_special_tokens=False)["input_ids"] for label in labels]
    recorded = []
    for case in json.loads(cases.read_text())["base"]:
        ids = case["input_ids"]
        with torch.no_grad():
            logits = logits_of(model, ids)[-1]
        recorded.append(
            {
                "text": case["text"],
                "input_ids": ids,
                "last_logits": [round(x, 6) for x in logits.tolist()],
                "greedy_ids": greedy(model, ids, len(case["greedy_ids"])),
                "label_loglik": [round(loglik(model, ids, target), 6) for target in targets],
            }
        )
    return recorded


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--cases", type=pathlib.Path)
    parser.add_argument("--labels", type=pathlib.Path)
    args = parser.parse_args()
    model = load(args.model, args.folder)
    record = json.loads((args.folder / "service.json").read_text())
    equal, tops, scores = compare(model, record)
    print(
        f"{record['source']}: {equal} of {len(record['prompts'])} texts with equal greedy tokens; "
        f"log-probabilities: max {max(tops):.2e}, mean {sum(tops) / len(tops):.2e} over {len(tops)}; "
        f"log-likelihoods: max {max(scores):.2e} over {len(scores)}"
    )
    if args.cases is not None:
        labels = json.loads(args.labels.read_text())["labels"]
        cases = record_cases(model, args.model.parent / "cases.json", labels)
        args.cases.write_text(json.dumps(cases, ensure_ascii=False) + "\n")
    # Not `>`: a NaN is no agreement.
    sys.exit(not (max(tops) <= TOLERANCE and max(scores) <= TOLERANCE))


if __name__ == "__main__":
    main()
