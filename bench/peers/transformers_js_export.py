"""Exports a Hugging Face directory as transformers.js reads it: onnx/model.onnx and onnx/model_quantized.onnx.

    pip install optimum-onnx onnx onnxruntime
    python transformers_js_export.py SOURCE DIRECTORY

The same steps as transformers.js' own conversion script: optimum's export with a KV cache, then 8-bit dynamic
quantisation of the weights by onnxruntime.
"""

import pathlib
import sys

from onnxruntime.quantization import QuantType, quantize_dynamic
from optimum.exporters.onnx import main_export


def main(source, directory):
    target = pathlib.Path(directory)
    main_export(source, target, task="text-generation-with-past", do_validation=False)
    folder = target / "onnx"
    folder.mkdir(exist_ok=True)
    for file in target.glob("model.onnx*"):
        file.rename(folder / file.name)
    quantize_dynamic(folder / "model.onnx", folder / "model_quantized.onnx", weight_type=QuantType.QInt8)


if __name__ == "__main__":
    main(*sys.argv[1:])
