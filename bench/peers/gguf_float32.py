"""Writes a GGUF file's weights, dequantised to float32, as a Hugging Face directory.

    python gguf_float32.py MODEL.gguf DIRECTORY
"""

import json
import pathlib
import sys

import torch
import transformers


def load(gguf, dtype=torch.float32):
    """The model, dequantised, in transformers' own class."""
    path = pathlib.Path(gguf).resolve()
    model = transformers.AutoModelForCausalLM.from_pretrained(
        str(path.parent), gguf_file=path.name, dtype=dtype
    )
    return model.eval()


def main(gguf, directory):
    loaded = load(gguf)
    config = loaded.config
    # The weights are plain float32 now, but the loaded model still refuses to be saved as quantised.
    del config.quantization_config
    model = type(loaded)(config)
    model.load_state_dict(loaded.state_dict())
    model.save_pretrained(directory)
    _add_rope_theta(pathlib.Path(directory, "config.json"))


def _add_rope_theta(file):
    """transformers 4 reads the rotary base from the top level; 5 writes it into rope_parameters only."""
    config = json.loads(file.read_text())
    config["rope_theta"] = config["rope_parameters"]["rope_theta"]
    file.write_text(json.dumps(config, indent=2))


if __name__ == "__main__":
    main(*sys.argv[1:])
