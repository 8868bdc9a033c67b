import type { Usage } from '../domain/inference.ts';

export function sumUsage(parts: readonly Usage[]): Usage {
  const sum = { promptTokens: 0, virtualTokens: 0, completionTokens: 0 };
  for (const part of parts) {
    sum.promptTokens += part.promptTokens;
    sum.virtualTokens += part.virtualTokens;
    sum.completionTokens += part.completionTokens;
  }
  return sum;
}
