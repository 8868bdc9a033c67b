"""T5 of transformers with PEFT's prompt rows on torch, float32, over random weights.

    python t5_worker.py --make DIR          writes a model of t5-base's size
    python t5_worker.py --model DIR --threads N

Prompts are PEFT's PromptEmbedding; their rows stand in front of the inputs' embeddings in one batch. The loop decodes
greedily over transformers' cache: it is what `generate` does without its bookkeeping, so a little faster.
"""

import argparse
import pathlib
import time

import peft
import torch
import transformers

from worker import serve

SIZES = dict(
    vocab_size=32128,
    d_model=768,
    d_kv=64,
    d_ff=3072,
    num_layers=12,
    num_decoder_layers=12,
    num_heads=12,
    decoder_start_token_id=0,
    dropout_rate=0.0,
)


def make(directory):
    torch.manual_seed(0)
    model = transformers.T5ForConditionalGeneration(transformers.T5Config(**SIZES))
    with torch.no_grad():
        model.shared.weight.mul_(0.05)  # else a tied head always chooses the token that was read last
        model.decoder.final_layer_norm.weight.mul_(20)
    model.save_pretrained(directory)
    tokenizer = pathlib.Path(__file__).parents[2] / "test" / "fixtures" / "peft" / "t5" / "model" / "tokenizer.json"
    (pathlib.Path(directory) / "tokenizer.json").write_bytes(tokenizer.read_bytes())


class T5:
    def __init__(self, directory):
        self.model = transformers.T5ForConditionalGeneration.from_pretrained(directory, dtype=torch.float32).eval()
        self.embed = self.model.get_input_embeddings()
        self.prompts = {}

    def prompt_rows(self, ids):
        """Rows [N, dim] of the prompt that PEFT initialises with the embeddings of these ids."""
        key = tuple(ids)
        if key not in self.prompts:
            config = peft.PromptTuningConfig(
                task_type="SEQ_2_SEQ_LM",
                num_virtual_tokens=len(ids),
                token_dim=self.model.config.d_model,
                num_transformer_submodules=1,
            )
            prompt = peft.PromptEmbedding(config, self.embed)
            prompt.embedding.weight.data = self.embed(torch.tensor(ids)).clone()
            self.prompts[key] = prompt
        return self.prompts[key](torch.arange(len(ids)))

    @torch.inference_mode()
    def generate(self, rows, outputTokens):
        start = time.perf_counter()
        inputs = self.embed(torch.tensor([row["input"] for row in rows]))
        source = torch.stack([torch.cat([self.prompt_rows(row["prompt"]), e]) for row, e in zip(rows, inputs)])
        encoded = self.model.encoder(inputs_embeds=source)
        config = self.model.config
        cache = transformers.EncoderDecoderCache(
            transformers.DynamicCache(config=config), transformers.DynamicCache(config=config)
        )
        tokens = [torch.zeros(len(rows), dtype=torch.long)]
        first = None
        while len(tokens) <= outputTokens:
            step = self.model(
                encoder_outputs=encoded, decoder_input_ids=tokens[-1][:, None], past_key_values=cache, use_cache=True
            )
            tokens.append(step.logits[:, -1].argmax(-1))
            first = first or time.perf_counter()
        total = time.perf_counter() - start
        return {"firstToken": first - start, "total": total, "tokens": torch.stack(tokens[1:], 1).tolist()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--make")
    parser.add_argument("--model")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    if args.make:
        make(args.make)
        return
    torch.set_num_threads(args.threads)
    peer = T5(args.model)
    description = (
        f"transformers {transformers.__version__}, PEFT {peft.__version__}, torch {torch.__version__}, float32, "
        f"inputs_embeds, static batch, cache, {args.threads} threads"
    )
    serve(description, {"generate": peer.generate})


if __name__ == "__main__":
    main()
