"""Training steps of Hugging Face PEFT on torch: the prompt alone learns, in front of a frozen model.

PeftModelForCausalLM is used as its documentation shows it: the forward pass with labels, `loss.backward()`, a step
of torch's AdamW. Rows have one length, so there is no padding and no attention mask, and the KV cache is off.
"""

import argparse

import peft
import torch
import transformers

from torch_model import add_arguments, describe, load, seconds
from worker import serve

# transformers leaves positions with this label out of the loss.
IGNORED = -100


class PeftTraining:
    def __init__(self, weights, dtype, device):
        self.model = load(weights, dtype, device)
        self.device = device
        self.embed = self.model.get_input_embeddings()

    def prompted(self, ids):
        """The model behind a prompt that begins as the embeddings of these ids."""
        config = peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=len(ids))
        model = peft.get_peft_model(self.model, config)
        prompt = model.prompt_encoder[model.active_adapter].embedding.weight
        prompt.data = self.embed(torch.tensor(ids, device=self.device)).detach().clone()
        return model.train(), prompt

    def train(self, prompt, inputs, labelTokens, steps, learningRate):
        model, weight = self.prompted(prompt)
        optimizer = torch.optim.AdamW([weight], lr=learningRate, weight_decay=0)
        inputs = torch.tensor(inputs, device=self.device)
        labels = inputs.clone()
        labels[:, :-labelTokens] = IGNORED
        losses = []
        start = seconds(self.device)
        for _ in range(steps):
            loss = model(input_ids=inputs, labels=labels, use_cache=False).loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
        return {"seconds": (seconds(self.device) - start) / steps, "losses": losses}


def main():
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    peer = PeftTraining(args.weights, getattr(torch, args.dtype), args.device)
    description = (
        f"PEFT {peft.__version__}, transformers {transformers.__version__}, torch {torch.__version__}, "
        f"{args.dtype} on {describe(args.device)}, get_peft_model, {args.threads} threads"
    )
    serve(description, {"train": peer.train})


if __name__ == "__main__":
    main()
