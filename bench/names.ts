/** Names of the systems, by which tables and figures know them. */
export const serviceName = (precision: string): string => `softprompt ${precision}`;
export const peftName = (dtype: string): string => `PEFT + torch ${dtype}`;
export const PEFT = peftName('float32');
export const LLAMA_CPP = 'llama.cpp Q4_1';
export const TRANSFORMERS_JS = { fp32: 'transformers.js fp32', q8: 'transformers.js q8' } as const;
export const VLLM = 'vLLM CPU';
