"""Writes a checkpoint as a Hugging Face directory: config.json, model.safetensors, tokenizer.json.

    python export.py --checkpoint FILE --tokens DIR --out DIR
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

from model import Config, Decoder
from tokens import END


def load(checkpoint: Path) -> Decoder:
    """The model of a checkpoint that `train.py` wrote."""
    state = torch.load(checkpoint, weights_only=True)
    model = Decoder(Config(**state["config"]))
    model.load_state_dict(state["model"])
    return model.eval()


def hugging_face_config(config: Config, end: int) -> dict[str, object]:
    """`LlamaConfig`; documents begin and end with the same token."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.num_layers,
        "num_attention_heads": config.num_heads,
        "num_key_value_heads": config.num_kv_heads,
        "head_dim": config.head_dim,
        "hidden_act": "silu",
        "max_position_embeddings": config.context_length,
        "rope_theta": config.rope_theta,
        "rms_norm_eps": config.rms_norm_eps,
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "bos_token_id": end,
        "eos_token_id": end,
        "torch_dtype": "float32",
    }


def export(model: Decoder, tokens: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    vocabulary = json.loads((tokens / "tokenizer.json").read_text("utf8"))["model"]["vocab"]
    config = hugging_face_config(model.config, vocabulary[END])
    (out / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    tokenizer = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": END, "eos_token": END}
    (out / "tokenizer_config.json").write_text(json.dumps(tokenizer, indent=2) + "\n")
    shutil.copyfile(tokens / "tokenizer.json", out / "tokenizer.json")
    weights = {f"model.{name}": value.contiguous() for name, value in model.state_dict().items()}
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--tokens", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    export(load(options.checkpoint), options.tokens, options.out)
