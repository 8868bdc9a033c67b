"""Writes a GGUF file again with every tensor dequantised to F32, metadata unchanged.

    pip install gguf
    python scripts/parity/dequantise-gguf.py MODEL.gguf MODEL-F32.gguf

llama.cpp quantises activations to 8 bits wherever a weight is quantised. On the F32 file it multiplies in
float32, so what remains of a difference is an error of somebody's and not that rounding.
"""

import sys

import gguf
import numpy as np


def copy_field(writer, field):
    value_type = field.types[0]
    element_type = field.types[-1] if value_type == gguf.GGUFValueType.ARRAY else None
    writer.add_key_value(field.name, field.contents(), value_type, element_type)


def main(source, target):
    reader = gguf.GGUFReader(source)
    architecture = reader.get_field("general.architecture").contents()
    writer = gguf.GGUFWriter(target, architecture)
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name not in ("general.architecture", "general.file_type"):
            copy_field(writer, field)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        writer.add_tensor(tensor.name, np.ascontiguousarray(values, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
