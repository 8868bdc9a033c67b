"""Hugging Face transformers with PEFT on torch.

Prompts are PEFT's PromptEmbedding; their rows stand in front of the inputs' embeddings in one batch, whatever
the tasks of its rows. The loop decodes greedily over transformers' KV cache: it is what `generate` does without
its bookkeeping, so a little faster. Only the last position's logits are computed.
"""

import argparse

import peft
import tokenizers
import torch
import transformers

from torch_model import add_arguments, describe, load, seconds
from worker import serve

# Of 8, 16, 32 and 64 the fastest for short texts.
CLASSIFY_BATCH = 32


class Peft:
    def __init__(self, weights, tokenizer, dtype, device):
        self.model = load(weights, dtype, device)
        self.device = device
        self.embed = self.model.get_input_embeddings()
        self.tokenizer = tokenizers.Tokenizer.from_file(tokenizer)
        self.prompts = {}

    def prompt_rows(self, ids):
        """Rows [N, dim] of the prompt that PEFT initialises with the embeddings of these ids."""
        key = tuple(ids)
        if key not in self.prompts:
            config = peft.PromptTuningConfig(
                task_type="CAUSAL_LM",
                num_virtual_tokens=len(ids),
                token_dim=self.model.config.hidden_size,
                num_transformer_submodules=1,
            )
            prompt = peft.PromptEmbedding(config, self.embed)
            prompt.embedding.weight.data = self.embed(self.tensor(ids)).clone()
            self.prompts[key] = prompt
        return self.prompts[key](torch.arange(len(ids), device=self.device))

    def tensor(self, ids):
        return torch.tensor(ids, device=self.device)

    def embeddings(self, prompts, inputs):
        """[rows, N + input, dim]; rows of one length."""
        rows = [torch.cat([self.prompt_rows(p), e]) if p else e for p, e in zip(prompts, self.embed(inputs))]
        return torch.stack(rows)

    @torch.inference_mode()
    def generate(self, rows, outputTokens):
        start = seconds(self.device)
        inputs = self.tensor([row["input"] for row in rows])
        embeds = self.embeddings([row["prompt"] for row in rows], inputs)
        cache = transformers.DynamicCache(config=self.model.config)
        logits = self.model(inputs_embeds=embeds, past_key_values=cache, logits_to_keep=1).logits
        tokens = [logits[:, -1].argmax(-1)]
        first = seconds(self.device)
        while len(tokens) < outputTokens:
            step = self.model(input_ids=tokens[-1][:, None], past_key_values=cache, logits_to_keep=1)
            tokens.append(step.logits[:, -1].argmax(-1))
        total = seconds(self.device) - start
        return {"firstToken": first - start, "total": total, "tokens": torch.stack(tokens, 1).tolist()}

    @torch.inference_mode()
    def classify(self, prompt, texts, labels):
        """Labels of one token: the larger logit after the text wins. Texts of like length share a batch."""
        start = seconds(self.device)
        label_ids = [encoding.ids for encoding in self.tokenizer.encode_batch(labels, add_special_tokens=False)]
        if any(len(ids) != 1 for ids in label_ids):
            raise ValueError("this worker takes labels of one token")
        label_ids = self.tensor(label_ids)[:, 0]
        inputs = [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]
        order = sorted(range(len(inputs)), key=lambda i: len(inputs[i]))
        best = [None] * len(inputs)
        for at in range(0, len(order), CLASSIFY_BATCH):
            batch = order[at : at + CLASSIFY_BATCH]
            for i, label in zip(batch, self.rank(prompt, [inputs[i] for i in batch], label_ids)):
                best[i] = labels[label]
        return {"seconds": seconds(self.device) - start, "labels": best}

    def rank(self, prompt, inputs, label_ids):
        """Padding stands on the right, where causal attention never sees it, so that no mask is needed."""
        longest = max(map(len, inputs))
        padded = self.tensor([ids + [0] * (longest - len(ids)) for ids in inputs])
        embeds = self.embeddings([prompt] * len(inputs), padded)
        hidden = self.model.model(inputs_embeds=embeds, use_cache=False).last_hidden_state
        last = self.tensor([len(prompt) + len(ids) - 1 for ids in inputs])
        logits = self.model.lm_head(hidden[torch.arange(len(inputs), device=self.device), last])
        return logits[:, label_ids].argmax(-1).tolist()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokenizer", required=True)
    add_arguments(parser)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    peer = Peft(args.weights, args.tokenizer, getattr(torch, args.dtype), args.device)
    description = (
        f"transformers {transformers.__version__}, PEFT {peft.__version__}, torch {torch.__version__}, {args.dtype} "
        f"on {describe(args.device)}, inputs_embeds, static batch, KV cache, {args.threads} threads"
    )
    serve(description, {"generate": peer.generate, "classify": peer.classify})


if __name__ == "__main__":
    main()
