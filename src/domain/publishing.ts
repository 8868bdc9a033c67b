import type { OpenClaim } from './idempotency.ts';
import type { PeftType } from './peft.ts';
import type { Actor } from './principal.ts';
import type { ServingPlan } from './serving.ts';
import type { AddedPromptVersion } from './store.ts';
import type { Task } from './task.ts';

/** An upload, already bounded in size by the caller. */
export type PromptUpload =
  /** adapter_config.json and adapter_model.safetensors as PEFT saves them. */
  | {
      readonly kind: 'peft';
      readonly config: Uint8Array;
      readonly model: Uint8Array;
      /** MULTITASK_PROMPT_TUNING: which task's prompt it is, counted from 0. Not given for any other method. */
      readonly taskId?: number;
    }
  /**
   * A safetensors file with the one tensor `prompt_embeddings` [num_virtual_tokens, token_dim], or as wide as the rows of
   * the method that is given.
   */
  | { readonly kind: 'tensor'; readonly model: Uint8Array; readonly peftType?: PeftType };

export interface PublishedPrompt extends AddedPromptVersion {
  /** What was dropped or ignored of adapter_config.json, one sentence each. */
  readonly warnings: readonly string[];
}

/** The only door by which a prompt enters the service. */
export interface PromptPublisher {
  /** Validates, computes the prefix, stores and (if asked) activates. Nothing is stored when it throws. */
  publish(
    task: string,
    upload: PromptUpload,
    options: {
      readonly activate: boolean;
      readonly actor?: Actor;
      readonly claim?: OpenClaim | undefined;
    },
  ): Promise<PublishedPrompt>;
  /** Warms the version's prefix, then activates it. `ifMatch` as in `TaskStore.activate`. */
  activate(task: string, version: number, ifMatch?: string, actor?: Actor): Promise<Task>;
  /**
   * Warms every version of the plan, then lets the task serve with it. `seen` as in `TaskStore.serve`. Throws
   * `unprocessable` invalid_serving_plan, model_mismatch and mixed_heads.
   */
  serve(task: string, plan: ServingPlan, seen?: ServingPlan | null, actor?: Actor): Promise<Task>;
  /**
   * Lets the task serve with what it served with before, as {@link serve} does. `seen` as in `TaskStore.serve`. Throws
   * `conflict` nothing_to_roll_back.
   */
  rollBack(task: string, seen?: ServingPlan, actor?: Actor): Promise<Task>;
}
