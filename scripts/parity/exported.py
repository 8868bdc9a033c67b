"""What PEFT computes with the adapters that the service hands out, against what it computed before they were uploaded.

    python scripts/parity/exported.py http://127.0.0.1:8080 test/fixtures/peft/llama [cases.json | heads.json]

The service must serve FOLDER/model. Each recorded adapter of the folder is uploaded as a task, downloaded again and
loaded with PeftModel.from_pretrained; its logits are compared with those of cases.json, or of the classification heads
with heads.json (PEFT 0.13 loads no such adapter, its own ones neither). Prints the largest difference of each.
"""

import json
import pathlib
import sys
import tempfile
import urllib.request
import uuid

import torch
import transformers
from peft import PeftModel

FILES = {"adapter_config": "adapter_config.json", "adapter_model": "adapter_model.safetensors"}


def upload(url, task, folder, query):
    boundary = uuid.uuid4().hex
    body = b""
    for part, name in FILES.items():
        head = f'--{boundary}\r\ncontent-disposition: form-data; name="{part}"; filename="{name}"\r\n\r\n'
        body += head.encode() + (folder / name).read_bytes() + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    request = urllib.request.Request(f"{url}/v1/tasks/{task}/prompts{query}", data=body, method="POST")
    request.add_header("content-type", f"multipart/form-data; boundary={boundary}")
    with urllib.request.urlopen(request) as response:
        return json.load(response)["version"]


def download(url, task, version, target):
    for name in FILES.values():
        with urllib.request.urlopen(f"{url}/v1/tasks/{task}/prompts/{version}/{name}") as response:
            (target / name).write_bytes(response.read())


def load_base(folder, num_labels, encoder_decoder):
    """The language model, or a classifier whose head the adapter brings."""
    if encoder_decoder:
        auto, options = transformers.AutoModelForSeq2SeqLM, {}
    elif num_labels is None:
        auto, options = transformers.AutoModelForCausalLM, {}
    else:
        auto, options = transformers.AutoModelForSequenceClassification, {"num_labels": num_labels}
    return auto.from_pretrained(folder / "model", torch_dtype=torch.float32, **options).eval()


@torch.no_grad()
def last_logits(model, ids, encoder_decoder):
    ids = torch.tensor([ids])
    # The decoder reads its start token, and then would read this one.
    options = {"labels": torch.tensor([[1]])} if encoder_decoder else {}
    logits = model(input_ids=ids, attention_mask=torch.ones_like(ids), **options).logits[0]
    return logits if logits.dim() == 1 else logits[-1]


def check(url, folder, name, adapter, query, cases, encoder_decoder):
    task = f"exported-{folder.name}-{adapter['dir']}-{name}"
    task = "".join(letter if letter.isalnum() else "-" for letter in task)
    version = upload(url, task, folder / adapter["dir"], query)
    base = load_base(folder, adapter.get("num_labels"), encoder_decoder)
    with tempfile.TemporaryDirectory() as target:
        download(url, task, version, pathlib.Path(target))
        model = PeftModel.from_pretrained(base, target).eval()
    worst = 0.0
    for case in cases:
        if case["input_ids"]:
            expected = torch.tensor(case.get("last_logits") or case["logits"])
            worst = max(worst, (last_logits(model, case["input_ids"], encoder_decoder) - expected).abs().max().item())
    print(f"{folder.name} {name}: {len(cases)} texts, largest difference of a logit {worst:.1e}")
    return worst


def main(url, folder, recording="cases.json"):
    folder = pathlib.Path(folder)
    recorded = json.loads((folder / recording).read_text())
    adapters, encoder_decoder = recorded["adapters"], recorded.get("encoder_decoder", False)
    tolerance = json.loads((folder.parent / "index.json").read_text())["tolerance"]["logits_abs"]
    worst = 0.0
    for name, adapter in adapters.items():
        by_task = adapter.get("cases_by_task") or {None: adapter["cases"]}
        for task, cases in by_task.items():
            query = "" if task is None else f"?task_id={task}"
            shown = name if task is None else f"{name} {task}"
            worst = max(worst, check(url, folder, shown, adapter, query, cases, encoder_decoder))
    sys.exit(worst > tolerance)


if __name__ == "__main__":
    main(*sys.argv[1:])
