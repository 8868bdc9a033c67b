"""Writes test/fixtures/cuda-kernels.json: what the CUDA provider of onnxruntime has kernels for, from its own registry.

    pip install onnxruntime-gpu==1.30.0
    python scripts/cuda-kernels.py > test/fixtures/cuda-kernels.json

It needs the libraries of CUDA, cuDNN and TensorRT and a device, or stand-ins that only say yes: nothing is computed. Per op
there are the type variables of its inputs and outputs (the last one stands for all that follow), and per kernel the element
types that each variable may have. Kernels that differ in one variable only are joined.
"""

import json
import sys

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as runtime

# What the graphs are encoded with (src/graph/encode.ts), and the element types that they have.
OPSETS = {"": 21, "com.microsoft": 1}
TYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(int8)": "int8",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
}


def newest_schemas():
    """The schema of every op at the version that the graphs use."""
    schemas = {}
    for schema in runtime.get_all_operator_schema():
        key = (schema.domain, schema.name)
        known = schemas.get(key)
        if schema.since_version <= OPSETS.get(schema.domain, 0) and (
            known is None or known.since_version < schema.since_version
        ):
            schemas[key] = schema
    return schemas


def known_types(types):
    return sorted(TYPES[name] for name in types if name in TYPES)


def join(kernels):
    """Joins kernels that differ in one variable only."""
    for index, one in enumerate(kernels):
        for other in kernels[index + 1 :]:
            differing = [name for name in one if one[name] != other[name]]
            if len(differing) > 1:
                continue
            joined = dict(one)
            for name in differing:
                joined[name] = sorted(set(one[name]) | set(other[name]))
            return join([joined] + [kernel for kernel in kernels if kernel is not one and kernel is not other])
    return kernels


schemas = newest_schemas()
ops = {}
for definition in runtime.get_all_opkernel_def():
    schema = schemas.get((definition.domain, definition.op_name))
    first, last = definition.version_range
    if definition.provider != "CUDAExecutionProvider" or schema is None:
        continue
    if not first <= OPSETS[definition.domain] <= last:
        continue
    variables = {item.typeStr for item in [*schema.inputs, *schema.outputs]}
    given = {name: known_types(types) for name, types in definition.type_constraints.items()}
    allowed = {item.type_param_str: known_types(item.allowed_type_strs) for item in schema.type_constraints}
    kernel = {name: given.get(name, allowed.get(name, known_types([name]))) for name in sorted(variables)}
    if all(kernel.values()):
        ops.setdefault((definition.domain, definition.op_name), []).append(kernel)

lines = []
for (domain, name), kernels in sorted(ops.items()):
    schema = schemas[domain, name]
    entry = {
        "inputs": [item.typeStr for item in schema.inputs],
        "outputs": [item.typeStr for item in schema.outputs],
        "kernels": join(kernels),
    }
    key = f"{domain}.{name}" if domain else name
    lines.append(f"    {json.dumps(key)}: {json.dumps(entry)}")
source = f"get_all_opkernel_def() of onnxruntime-gpu {onnxruntime.__version__}, written by scripts/cuda-kernels.py"
sys.stdout.write('{\n  "source": ' + json.dumps(source) + ',\n  "ops": {\n' + ",\n".join(lines) + "\n  }\n}\n")
