"""Makes test/fixtures/onnx: stock ONNX exports of the tiny models, and what ONNX Runtime computes with quantised ones.

    python -m venv --system-site-packages VENV
    VENV/bin/pip install optimum-onnx==0.1.0 onnx==1.23.2 onnxruntime==1.32.0 onnx_ir    # brings transformers 4.57
    VENV/bin/python scripts/parity/onnx-exports.py optimum
    pip install transformers==5.17.0 onnxruntime-genai==0.18.0 onnx==1.23.2 onnxruntime==1.32.0 onnx_ir
    python scripts/parity/onnx-exports.py genai

What a float32 export computes is what transformers and PEFT do: test/fixtures/peft/FAMILY/cases.json. With a quantised
one only ONNX Runtime itself can say. Prompts enter it behind the embedding, prefixes as past keys and values, in one
run of the whole sequence and without this project's changes to the graph.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

FIXTURES = pathlib.Path(__file__).parents[2] / "test/fixtures"
TARGET = FIXTURES / "onnx"
TEXTS = 2
LAYERS, HEADS, HEAD_DIM = 2, 2, 16


def export(family, folder):
    command = [sys.executable, "-m", "optimum.commands.optimum_cli", "export", "onnx", "--task", "text-generation-with-past"]
    model = FIXTURES / "peft" / family / "model"
    subprocess.run([*command, "--model", str(model), str(folder)], check=True)
    return folder / "model.onnx"


def build(precision, folder):
    """As the exports that onnx-community publishes today: attention is one operator, GroupQueryAttention."""
    command = [sys.executable, "-m", "onnxruntime_genai.models.builder", "-e", "cpu", "-p", precision]
    model = FIXTURES / "peft/llama/model"
    subprocess.run([*command, "-m", str(model), "-o", str(folder), "-c", str(folder / "cache")], check=True)
    return folder / "model.onnx"


def quantize_blocks(source, target):
    """4 bits in blocks of 32 with zero points, the embedding table too."""
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    quantizer = MatMulNBitsQuantizer(
        onnx.load(source),
        block_size=32,
        is_symmetric=False,
        accuracy_level=4,
        op_types_to_quantize=("MatMul", "Gather"),
        quant_axes=(("MatMul", 0), ("Gather", 1)),
    )
    quantizer.process()
    quantizer.model.save_model_to_file(str(target), False)


def embedding_output(model):
    """The float value that the rows of input_ids end in."""
    value = next(node.output[0] for node in model.graph.node if node.op_type.startswith("Gather") and node.input[1] == "input_ids")
    reader = next(node for node in model.graph.node if value in node.input)
    return reader.output[0] if reader.op_type == "DequantizeLinear" else value


def sessions(path):
    """The model with its embeddings as an output, and with embeddings in place of token ids."""
    model = onnx.load(path)
    value = embedding_output(model)
    rows = onnx.load(path)
    del rows.graph.output[:]
    rows.graph.output.append(onnx.helper.make_tensor_value_info(value, onnx.TensorProto.FLOAT, None))
    producer = next(node for node in model.graph.node if value in node.output)
    model.graph.node.remove(producer)
    model.graph.input.append(onnx.helper.make_tensor_value_info(value, onnx.TensorProto.FLOAT, ["batch", "sequence", 64]))
    keep = [info for info in model.graph.value_info if info.name != value]
    del model.graph.value_info[:]
    model.graph.value_info.extend(keep)
    settings = onnxruntime.SessionOptions()
    # Without it, sums of 8-bit products saturate on processors without VNNI, here as anywhere.
    settings.add_session_config_entry("session.x64quantprecision", "1")
    return [onnxruntime.InferenceSession(it.SerializeToString(), settings) for it in (rows, model)], value


def feeds_for(session, feeds):
    names = {it.name for it in session.get_inputs()}
    return {name: value for name, value in feeds.items() if name in names}


def last_logits(pair, value, ids, prompt=None, prefix=None):
    rows, model = pair
    planes = np.zeros((2 * LAYERS, 1, HEADS, 0, HEAD_DIM), np.float32)
    if prefix is not None:
        planes = prefix.reshape(-1, 2 * LAYERS, HEADS, HEAD_DIM).transpose(1, 2, 0, 3)[:, None]
    past = planes.shape[3]
    feeds = {"input_ids": np.array([ids], np.int64)}
    for layer in range(LAYERS):
        feeds[f"past_key_values.{layer}.key"] = np.ascontiguousarray(planes[2 * layer])
        feeds[f"past_key_values.{layer}.value"] = np.ascontiguousarray(planes[2 * layer + 1])
    feeds["attention_mask"] = np.ones((1, past + len(ids)), np.int64)
    feeds["position_ids"] = np.arange(past, past + len(ids))[None]
    embedded = rows.run([value], feeds_for(rows, feeds))[0]
    if prompt is not None:
        embedded = np.concatenate([prompt[None], embedded], axis=1)
    count = embedded.shape[1]
    feeds[value] = embedded
    feeds["input_ids"] = np.zeros((1, count), np.int64)
    feeds["attention_mask"] = np.ones((1, past + count), np.int64)
    feeds["position_ids"] = np.arange(past, past + count)[None]
    logits = model.run(["logits"], feeds_for(model, feeds))[0]
    return [float(f"{number:.7g}") for number in logits[0, -1]]


def record(path):
    pair, value = sessions(path)
    cases = json.loads((FIXTURES / "peft/llama/cases.json").read_text())["base"][:TEXTS]
    adapters = FIXTURES / "peft/llama"
    prompt = load_file(adapters / "prompt_random/adapter_model.safetensors")["prompt_embeddings"]
    prefix = load_file(adapters / "prefix/adapter_model.safetensors")["prompt_embeddings"]

    def of(**adapter):
        return [
            {"input_ids": case["input_ids"], "last_logits": last_logits(pair, value, case["input_ids"], **adapter)}
            for case in cases
        ]

    return {"base": of(), "prompt_random": of(prompt=prompt), "prefix": of(prefix=prefix)}


def make_optimum():
    from onnxruntime.quantization import QuantType, quantize_dynamic

    for family in ("llama", "gpt2"):
        (TARGET / family).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        exported = export("llama", pathlib.Path(folder) / "llama")
        llama = TARGET / "llama"
        quantize_dynamic(exported, llama / "model_quantized.onnx", weight_type=QuantType.QInt8)
        quantize_blocks(exported, llama / "model_q4.onnx")
        # onnx.save appends to a file that is there.
        (llama / "model.onnx_data").unlink(missing_ok=True)
        # As exports of models of more than 2 GB are: the weights in a file beside the graph.
        onnx.save(
            onnx.load(exported),
            llama / "model.onnx",
            save_as_external_data=True,
            location="model.onnx_data",
            size_threshold=1024,
        )
        shutil.copy(export("gpt2", pathlib.Path(folder) / "gpt2"), TARGET / "gpt2/model.onnx")
    return {name: record(llama / f"model_{name}.onnx") for name in ("quantized", "q4")}


def make_genai():
    with tempfile.TemporaryDirectory() as folder:
        for precision, name in (("fp32", "grouped"), ("int4", "grouped_q4")):
            model = onnx.load(build(precision, pathlib.Path(folder) / precision))
            onnx.save(model, TARGET / "llama" / f"{name}.onnx")
    return {"grouped_q4": record(TARGET / "llama/grouped_q4.onnx")}


def main(maker):
    recorded = {"optimum": make_optimum, "genai": make_genai}[maker]()
    path = TARGET / "recorded.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    versions = {it.__name__: it.__version__ for it in (onnx, onnxruntime)}
    path.write_text(json.dumps({**before, "versions": versions, **recorded}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
