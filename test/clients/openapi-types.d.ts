export interface paths {
    "/v1/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Continue a text
         * @description OpenAI's completions. The task's soft prompt stands in front of the input.
         */
        post: operations["createCompletion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer a conversation
         * @description OpenAI's chat completions, over the model's chat template.
         */
        post: operations["createChatCompletion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{task}/classify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Choose a label for each input
         * @description Labels are ranked by the log-likelihood of their tokens after the task's template. A version with a classification head (task type SEQ_CLS) answers by its head: the labels of the task name its rows in their order; without any they are LABEL_0, LABEL_1, ... An ensemble chooses by majority vote, and of labels with as many votes the one with the largest mean probability.
         */
        post: operations["classify"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{task}/score": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log-likelihood of targets
         * @description No special tokens are added between text and target. Of an ensemble the probability of each token is the mean of its members'.
         */
        post: operations["score"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tokenize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Text to token ids */
        post: operations["tokenize"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/detokenize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Token ids to text */
        post: operations["detokenize"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{task}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a task */
        get: operations["getTask"];
        /**
         * Create a task or replace its metadata
         * @description Fields left out are cleared. Prompt versions are not touched.
         */
        put: operations["putTask"];
        post?: never;
        /** Delete a task with all its prompt versions */
        delete: operations["deleteTask"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List tasks in the order of their names */
        get: operations["listTasks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{task}/prompts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List a task's prompt versions, newest first */
        get: operations["listPrompts"];
        put?: never;
        /**
         * Upload a prompt as a new version of a task
         * @description The task is created if it does not exist. The same content again gives the version that exists. Adapters: PROMPT_TUNING, P_TUNING, PREFIX_TUNING, MULTITASK_PROMPT_TUNING and CPT of task type CAUSAL_LM; all but CPT also of task type SEQ_CLS, with the head `base_model.score.weight` [num_labels, token_dim].
         */
        post: operations["createPrompt"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{task}/prompts/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a prompt version */
        get: operations["getPrompt"];
        put?: never;
        post?: never;
        /** Delete a prompt version that is not active */
        delete: operations["deletePrompt"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{task}/prompts/{version}/activate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let the task serve this version
         * @description Requests that already run keep the version that they started with.
         */
        post: operations["activatePrompt"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{task}/serving": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a task serves with
         * @description The plan, and what a roll back brings back. With the scope `write` also figures of each version side by side.
         */
        get: operations["getServing"];
        /**
         * Let a task serve with one version, an ensemble, or a split
         * @description Requests that already run keep what they started with, and those that name versions are not touched. What served before can be rolled back to. `user` of a request keeps it at one version of a split.
         */
        put: operations["putServing"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{task}/promote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let one version serve alone
         * @description Ends a split, an ensemble and a shadow in one call.
         */
        post: operations["promote"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{task}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a task serve with what it served with before
         * @description Undoes the last change of what serves, activations included; once more undoes the one before. Plans with a version that was deleted are gone.
         */
        post: operations["rollBack"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{task}/prompts/{version}/adapter_config.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Download PEFT's adapter_config.json */
        get: operations["getAdapterConfig"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{task}/prompts/{version}/adapter_model.safetensors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Download the tensor file, byte for byte as uploaded */
        get: operations["getAdapterModel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{task}/domain-shift": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Measure a version on several data sets
         * @description What the version loses where the inputs are others than those that it learned from (Lester et al. 2021, section 5). Each data set is measured as an evaluation measures it, for the same labels, and compared with the first one by the unpaired bootstrap. Nothing is stored. With `stream` the first events are `domain_shift.progress` objects.
         */
        post: operations["createDomainShift"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{task}/evaluations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Measure versions of a task on labelled rows
         * @description Rows of `text` and `label` are classified, rows of `prompt` and `completion` completed greedily, as batch work. Intervals and comparisons are bootstrapped from the rows. Nothing is stored. With `stream` the first events are `evaluation.progress` objects with `contender`, `done` and `total`.
         */
        post: operations["createEvaluation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tasks/{task}/prompts/{version}/neighbors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The vocabulary tokens that each virtual token is nearest to
         * @description By cosine, over the model's embedding table (of an encoder-decoder model that of the encoder's input). A prompt of PREFIX_TUNING has no rows in that space. One answer holds at most 10,000 neighbours.
         */
        get: operations["listNeighbors"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/prompts/similarity": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How alike prompts are
         * @description Prompts of any lengths, made for the model that serves.
         */
        get: operations["comparePrompts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/prompts/transfer-candidates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Prompts of other tasks that one could start from
         * @description The active versions of all other tasks by their similarity to `target` (Vu et al. 2022, SPoT: the more alike two prompts are, the more a task gains by starting from the other one). Those that were made for another model, and those of PREFIX_TUNING, are left out.
         */
        post: operations["listTransferCandidates"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List files, newest first */
        get: operations["listFiles"];
        put?: never;
        /**
         * Upload labelled rows
         * @description The whole file is checked; a refusal lists its problems with row and line.
         */
        post: operations["createFile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/files/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a file */
        get: operations["getFile"];
        put?: never;
        post?: never;
        /** Delete a file that no unfinished job uses */
        delete: operations["deleteFile"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/files/{file}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Download a file as it was uploaded */
        get: operations["getFileContent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List jobs, newest first */
        get: operations["listFineTuningJobs"];
        put?: never;
        /**
         * Learn a prompt for a task
         * @description The frozen model serves on while the job runs; the result is a new version of the task.
         */
        post: operations["createFineTuningJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{job}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a job */
        get: operations["getFineTuningJob"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{job}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel a job */
        post: operations["cancelFineTuningJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{job}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pause a job; it keeps what it learned */
        post: operations["pauseFineTuningJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{job}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a paused job go on from its last checkpoint */
        post: operations["resumeFineTuningJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{job}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the events of a job, newest first, or follow them
         * @description `stream=true` sends all events from the first on, and ends when the job ends.
         */
        get: operations["listFineTuningEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{job}/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the checkpoints of a job that are kept, newest first */
        get: operations["listFineTuningCheckpoints"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{job}/adapter_config.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Download adapter_config.json of all tasks that a multitask job learned */
        get: operations["getJobAdapterConfig"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{job}/adapter_model.safetensors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Download adapter_model.safetensors of all tasks that a multitask job learned */
        get: operations["getJobAdapterModel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the base model and every task */
        get: operations["listModels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get the base model, a task or `task@version` */
        get: operations["getModel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process runs */
        get: operations["getLiveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether inference is accepted */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The service, its model and its limits */
        get: operations["getInfo"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List changes of tasks, prompts, files and jobs, newest first */
        get: operations["listAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics for Prometheus */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description PEFT's adapter_config.json, with all fields of its type. */
        AdapterConfig: {
            peft_type: string;
            task_type: string;
            /** Format: int64 */
            num_virtual_tokens: number;
        } & {
            [key: string]: unknown;
        };
        /** @description The error in the form of OpenAI's API. */
        ApiError: {
            message: string;
            /** @description Class of the error, as in OpenAI's API, e.g. "invalid_request_error". */
            type: string;
            /** @description The field at fault. */
            param: string | null;
            /** @description Stable identifier, e.g. "token_dim_mismatch". */
            code: string;
        };
        /** @description One change of what is stored. */
        AuditEntry: {
            /**
             * Format: int64
             * @description Grows from entry to entry.
             */
            id: number;
            /** @constant */
            object: "audit.entry";
            /**
             * Format: int64
             * @description Unix seconds.
             */
            created_at: number;
            /** @enum {string} */
            action: "task.put" | "task.delete" | "prompt.upload" | "prompt.activate" | "serving.change" | "serving.roll_back" | "prompt.delete" | "file.upload" | "file.delete" | "job.create" | "job.cancel";
            /** @description Name of the API key; null: there was none. */
            key: string | null;
            /** @description The x-request-id of the request; null: the service itself. */
            request_id: string | null;
            task: string | null;
            /** Format: int64 */
            version: number | null;
            /** @description Of the content that was uploaded, activated or deleted. */
            sha256: string | null;
            /** @description Id of the file or the job, or the plan, as JSON, with which a task serves. */
            subject: string | null;
        };
        AuditEntryList: {
            /** @constant */
            object: "list";
            data: components["schemas"]["AuditEntry"][];
            has_more: boolean;
            /** @description Pass it as `after`; null on the last page. */
            next: string | null;
        };
        /** @enum {string} */
        Baseline: "zero_shot" | "k_shot" | "naive_bayes";
        ChatAnswer: {
            /** @constant */
            role: "assistant";
            content: string;
            refusal: null;
        };
        ChatChoice: {
            /** Format: int64 */
            index: number;
            message: components["schemas"]["ChatAnswer"];
            finish_reason: components["schemas"]["FinishReason"];
            logprobs: components["schemas"]["ChatLogprobs"] | null;
            token_ids?: number[];
        };
        ChatChunkChoice: {
            /** Format: int64 */
            index: number;
            delta: components["schemas"]["ChatDelta"];
            finish_reason: components["schemas"]["FinishReason"] | null;
            logprobs: components["schemas"]["ChatLogprobs"] | null;
            token_ids?: number[];
        };
        ChatCompletion: {
            id: string;
            /**
             * Format: int64
             * @description Unix seconds.
             */
            created: number;
            /** @description What served: `task@version`, `task@1+2` of an ensemble, or the base model. */
            model: string;
            /** @constant */
            object: "chat.completion";
            choices: components["schemas"]["ChatChoice"][];
            usage: components["schemas"]["Usage"];
        };
        ChatCompletionChunk: {
            id: string;
            /**
             * Format: int64
             * @description Unix seconds.
             */
            created: number;
            /** @description What served: `task@version`, `task@1+2` of an ensemble, or the base model. */
            model: string;
            /** @constant */
            object: "chat.completion.chunk";
            /** @description One; none in the chunk with the usage. */
            choices: components["schemas"]["ChatChunkChoice"][];
            usage?: components["schemas"]["Usage"] | null;
        };
        ChatCompletionRequest: {
            /** @description A task, `task@version`, an ensemble `task@1+2`, or the base model's id. */
            model: string;
            /**
             * Format: int32
             * @description Largest number of output tokens.
             */
            max_tokens?: number | null;
            /**
             * Format: double
             * @description 0 is greedy.
             */
            temperature?: number | null;
            /**
             * Format: double
             * @description 1 is off.
             */
            top_p?: number | null;
            /**
             * Format: int32
             * @description 0 is off.
             */
            top_k?: number | null;
            /**
             * Format: double
             * @description Divides positive and multiplies negative logits; 1 is off.
             */
            repetition_penalty?: number | null;
            /** Format: double */
            presence_penalty?: number | null;
            /** Format: double */
            frequency_penalty?: number | null;
            /** @description A string or a list of at most 4 strings, none of them empty. */
            stop?: string | string[] | null;
            /**
             * Format: int64
             * @description Same seed, same output.
             */
            seed?: number | null;
            /**
             * Format: int32
             * @description Choices for each prompt.
             */
            n?: number | null;
            /** @description Answer with server-sent events. */
            stream?: boolean | null;
            stream_options?: components["schemas"]["StreamOptions"] | null;
            /** @description Go on after an end-of-text token. */
            ignore_eos?: boolean | null;
            service_tier?: components["schemas"]["ServiceTier"] | null;
            /** @description Whoever asks: the same user of a task that splits its requests gets the same version. An empty one is as none. */
            user?: string | null;
            /** @description Add `token_ids` to each choice. */
            return_token_ids?: boolean | null;
            messages: components["schemas"]["ChatMessage"][];
            /**
             * Format: int32
             * @description The same as `max_tokens`.
             */
            max_completion_tokens?: number | null;
            /** @description Report log-probabilities. */
            logprobs?: boolean | null;
            /**
             * Format: int32
             * @description Alternatives at each token; needs `logprobs`. At most 1,048,576 log-probabilities of all tokens and choices together.
             */
            top_logprobs?: number | null;
        };
        ChatDelta: {
            /**
             * @description In the first chunk of a choice.
             * @constant
             */
            role?: "assistant";
            /** @description The next piece of the text. */
            content?: string;
        };
        ChatLogprobs: {
            content: components["schemas"]["ChatTokenLogprob"][];
            refusal: null;
        };
        ChatMessage: {
            /** @enum {string} */
            role: "system" | "user" | "assistant";
            /** @description A string or a list of parts {"type": "text", "text": ...}. Several parts are joined with line breaks. */
            content: string | components["schemas"]["ChatTextPart"][];
        };
        ChatTextPart: {
            /** @constant */
            type: "text";
            text: string;
        };
        ChatTokenLogprob: {
            token: string;
            /**
             * Format: double
             * @description In nats.
             */
            logprob: number;
            /** @description UTF-8 bytes of the token. */
            bytes: number[];
            top_logprobs: components["schemas"]["ChatTopLogprob"][];
        };
        ChatTopLogprob: {
            token: string;
            /**
             * Format: double
             * @description In nats.
             */
            logprob: number;
            /** @description UTF-8 bytes of the token. */
            bytes: number[];
        };
        Classification: {
            /** @description The most likely label. */
            label: string;
            /** @description Softmax over the labels' log-likelihoods, or over the logits of a classification head; of an ensemble the mean of its members'. */
            probabilities: {
                [key: string]: number;
            };
            /**
             * Format: double
             * @description Of an ensemble: the part of its members that chose the label.
             */
            agreement?: number;
            /** @description Of an ensemble: how many members chose each label. */
            votes?: {
                [key: string]: number;
            };
        };
        ClassifyRequest: {
            inputs: string[];
            /** @description The task's own labels when left out. Of a version with a classification head: some of its labels, to choose from those only. At most 65,536 characters together, and at most 65,536 inputs times labels. */
            labels?: string[] | null;
            /**
             * Format: int32
             * @description A version, instead of what the task serves with.
             */
            version?: number | null;
            /** @description An ensemble of these versions, instead of what the task serves with. */
            versions?: number[] | null;
            /** @description Whoever asks: the same user of a task that splits its requests gets the same version. An empty one is as none. */
            user?: string | null;
            service_tier?: components["schemas"]["ServiceTier"] | null;
        };
        ClassifyResponse: {
            results: components["schemas"]["Classification"][];
            /** @description What served: `task@version`, `task@1+2` of an ensemble, or the base model. */
            model: string;
            usage: components["schemas"]["Usage"];
        };
        Comparison: {
            /** @description Of the contender. */
            name: string;
            /** @description Name of the first contender. */
            reference: string;
            /**
             * Format: int64
             * @description Rows that both could score: the others do not count here.
             */
            rows: number;
            /**
             * Format: double
             * @description How much more the contender has than the reference.
             */
            difference: number;
            measure: components["schemas"]["Measure"];
            interval: components["schemas"]["Interval"];
            /**
             * Format: double
             * @description Part of the samples inside the interval.
             */
            confidence: number;
            /**
             * Format: double
             * @description Two-sided, of the hypothesis that both are equal; never 0.
             */
            p_value: number;
            /**
             * Format: int64
             * @description Samples drawn, by the seed of the request.
             */
            resamples: number;
        };
        Completion: {
            id: string;
            /** @constant */
            object: "text_completion";
            /**
             * Format: int64
             * @description Unix seconds.
             */
            created: number;
            /** @description What served: `task@version`, `task@1+2` of an ensemble, or the base model. */
            model: string;
            choices: components["schemas"]["CompletionChoice"][];
            usage: components["schemas"]["Usage"];
        };
        CompletionChoice: {
            /** Format: int64 */
            index: number;
            text: string;
            logprobs: components["schemas"]["CompletionLogprobs"] | null;
            token_ids?: number[];
            finish_reason: components["schemas"]["FinishReason"];
        };
        CompletionChunk: {
            id: string;
            /** @constant */
            object: "text_completion";
            /**
             * Format: int64
             * @description Unix seconds.
             */
            created: number;
            /** @description What served: `task@version`, `task@1+2` of an ensemble, or the base model. */
            model: string;
            /** @description One; none in the chunk with the usage. */
            choices: components["schemas"]["CompletionChunkChoice"][];
            usage?: components["schemas"]["Usage"] | null;
        };
        CompletionChunkChoice: {
            /** Format: int64 */
            index: number;
            text: string;
            logprobs: components["schemas"]["CompletionLogprobs"] | null;
            token_ids?: number[];
            finish_reason: components["schemas"]["FinishReason"] | null;
        };
        CompletionLogprobs: {
            tokens: string[];
            /** @description In nats; null for a first input token that nothing stands before. */
            token_logprobs: (number | null)[];
            /** @description The most likely tokens and the chosen one. */
            top_logprobs: ({
                [key: string]: number;
            } | null)[];
            /** @description Where each token starts in the text, in code points. */
            text_offset: number[];
        };
        CompletionRequest: {
            /** @description A task, `task@version`, an ensemble `task@1+2`, or the base model's id. */
            model: string;
            /**
             * Format: int32
             * @description Largest number of output tokens; 0 only with `echo`.
             */
            max_tokens?: number | null;
            /**
             * Format: double
             * @description 0 is greedy.
             */
            temperature?: number | null;
            /**
             * Format: double
             * @description 1 is off.
             */
            top_p?: number | null;
            /**
             * Format: int32
             * @description 0 is off.
             */
            top_k?: number | null;
            /**
             * Format: double
             * @description Divides positive and multiplies negative logits; 1 is off.
             */
            repetition_penalty?: number | null;
            /** Format: double */
            presence_penalty?: number | null;
            /** Format: double */
            frequency_penalty?: number | null;
            /** @description A string or a list of at most 4 strings, none of them empty. */
            stop?: string | string[] | null;
            /**
             * Format: int64
             * @description Same seed, same output.
             */
            seed?: number | null;
            /**
             * Format: int32
             * @description Choices for each prompt.
             */
            n?: number | null;
            /** @description Answer with server-sent events. */
            stream?: boolean | null;
            stream_options?: components["schemas"]["StreamOptions"] | null;
            /** @description Go on after an end-of-text token. */
            ignore_eos?: boolean | null;
            service_tier?: components["schemas"]["ServiceTier"] | null;
            /** @description Whoever asks: the same user of a task that splits its requests gets the same version. An empty one is as none. */
            user?: string | null;
            /** @description Add `token_ids` to each choice. */
            return_token_ids?: boolean | null;
            /** @description A string, a list of 1 to 256 strings, token ids, or a list of 1 to 256 lists of token ids. */
            prompt: string | string[] | number[] | number[][];
            /**
             * Format: int32
             * @description Report log-probabilities with this many alternatives; at most 1,048,576 of all tokens and choices together.
             */
            logprobs?: number | null;
            /** @description Put the prompt in front of the text. */
            echo?: boolean | null;
        };
        Contender: {
            /** @description `task@version`, `task@1+2` of an ensemble, or the baseline. */
            name: string;
            /** @enum {string} */
            type: "version" | "ensemble" | "zero_shot" | "k_shot" | "naive_bayes";
            /**
             * Format: int64
             * @description Null: several, or a baseline.
             */
            version: number | null;
            /** @description Empty: a baseline. */
            versions: number[];
            /**
             * Format: int64
             * @description Rows that the scores are over.
             */
            n: number;
            too_long: components["schemas"]["SkippedRows"];
            /**
             * Format: double
             * @description Mean over rows of -log p(label or completion | input), in nats.
             */
            loss: number;
            /** Format: double */
            seconds: number;
            /** Format: double */
            accuracy?: number;
            /**
             * Format: double
             * @description Mean F1 of the labels that occur.
             */
            macro_f1?: number;
            /**
             * Format: double
             * @description Mean of -log softmax over the labels at the true one, in nats.
             */
            cross_entropy?: number;
            classes?: components["schemas"]["LabelScores"][];
            /** @description [true label][chosen label], in the order of `labels`. */
            confusion_matrix?: number[][];
            /** Format: double */
            exact_match?: number;
            /** Format: double */
            token_f1?: number;
            /**
             * Format: double
             * @description Negative log-likelihood a token of the completions, in nats.
             */
            loss_per_token?: number;
            interval: components["schemas"]["Interval"];
            token_f1_interval?: components["schemas"]["Interval"];
        };
        /** @description Labelled rows, or the id of an uploaded file with such rows. */
        DataSet: {
            name: string;
            /** @description Of all data sets together at most 20000; files may have more. */
            rows?: components["schemas"]["LabelledRow"][] | null;
            /** @description Id of an uploaded file. */
            file?: string | null;
        };
        /** @description `drop` is of accuracy or exact match; the first data set has none. */
        DataSetResult: {
            name: string;
            /**
             * Format: int64
             * @description Rows of the data set.
             */
            rows: number;
            /**
             * Format: int64
             * @description Rows that the scores are over.
             */
            n: number;
            too_long: components["schemas"]["SkippedRows"];
            /**
             * Format: double
             * @description Mean over rows of -log p(label or completion | input), in nats.
             */
            loss: number;
            /** Format: double */
            seconds: number;
            /** Format: double */
            accuracy?: number;
            /**
             * Format: double
             * @description Mean F1 of the labels that occur.
             */
            macro_f1?: number;
            /**
             * Format: double
             * @description Mean of -log softmax over the labels at the true one, in nats.
             */
            cross_entropy?: number;
            classes?: components["schemas"]["LabelScores"][];
            /** @description [true label][chosen label], in the order of `labels`. */
            confusion_matrix?: number[][];
            /** Format: double */
            exact_match?: number;
            /** Format: double */
            token_f1?: number;
            /**
             * Format: double
             * @description Negative log-likelihood a token of the completions, in nats.
             */
            loss_per_token?: number;
            interval: components["schemas"]["Interval"];
            token_f1_interval?: components["schemas"]["Interval"];
            drop?: components["schemas"]["Drop"];
            token_f1_drop?: components["schemas"]["Drop"];
        };
        DetokenizeRequest: {
            ids: number[];
            /** @default false */
            skip_special_tokens: boolean;
        };
        DetokenizeResponse: {
            text: string;
        };
        /** @description What one version reaches on several data sets. */
        DomainShift: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            object: "domain_shift";
            task: string;
            /** Format: int64 */
            version: number;
            /** @enum {string} */
            kind: "classification" | "generation";
            /** @description Of all data sets, in the order of matrix and classes. */
            labels: string[];
            data_sets: components["schemas"]["DataSetResult"][];
            usage: components["schemas"]["Usage"];
        };
        DomainShiftEvent: components["schemas"]["DomainShiftProgress"] | components["schemas"]["DomainShift"];
        /** @description How far a run is. */
        DomainShiftProgress: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            object: "domain_shift.progress";
            /** @description `name` of the data set that is measured. */
            data_set: string;
            /** Format: int64 */
            done: number;
            /** Format: int64 */
            total: number;
        };
        DomainShiftRequest: {
            /**
             * Format: int32
             * @description Left out: the active version. Of a task that serves with several versions one must be named (422 `several_versions_serve`).
             */
            version?: number | null;
            /** @description The first is the one that the others are compared with. */
            data_sets: components["schemas"]["DataSet"][];
            /**
             * Format: int32
             * @description Draws the samples of the intervals; 0 when left out.
             */
            seed?: number | null;
            /**
             * Format: int32
             * @description Output tokens of a completion; the task's default when left out.
             */
            max_tokens?: number | null;
            /** @description Progress as server-sent events; the last one is the result. */
            stream?: boolean | null;
        };
        /** @description Against the first data set, by the unpaired bootstrap. With few rows p is too small. */
        Drop: {
            /**
             * Format: double
             * @description How much less the data set has than the first one.
             */
            value: number;
            measure: components["schemas"]["Measure"];
            interval: components["schemas"]["Interval"];
            /**
             * Format: double
             * @description Part of the samples inside the interval.
             */
            confidence: number;
            /**
             * Format: double
             * @description Two-sided, of the hypothesis that both are equal; never 0.
             */
            p_value: number;
            /**
             * Format: int64
             * @description Samples drawn, by the seed of the request.
             */
            resamples: number;
        };
        /** @description What versions and baselines reach on labelled rows. */
        Evaluation: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            object: "evaluation";
            task: string;
            /** @enum {string} */
            kind: "classification" | "generation";
            /** Format: int64 */
            rows: number;
            /** @description In the order of matrix and classes. */
            labels: string[];
            contenders: components["schemas"]["Contender"][];
            significance: components["schemas"]["Significance"];
            usage: components["schemas"]["Usage"];
        };
        EvaluationEvent: components["schemas"]["EvaluationProgress"] | components["schemas"]["Evaluation"];
        EvaluationForm: {
            /** @description Side by side; what the task serves with when no version and no ensemble is named. */
            versions?: number[] | null;
            /** @description Versions that answer together, as in `1+2+3`. */
            ensembles?: string[] | null;
            /** @description The base model without a soft prompt: with the template alone, or with examples in front as text. `naive_bayes`: no model at all, but the words of all examples (multinomial, Laplace smoothing); for labels. */
            baselines?: components["schemas"]["Baseline"][] | null;
            /**
             * Format: int32
             * @description Examples of `k_shot`, of each label or (for completions) in all; 1 when left out.
             */
            shots?: number | null;
            /**
             * Format: int32
             * @description Draws the examples, and the samples of the intervals; 0 when left out.
             */
            seed?: number | null;
            /**
             * Format: int32
             * @description Output tokens of a completion; the task's default when left out.
             */
            max_tokens?: number | null;
            /** @description Progress as server-sent events; the last one is the evaluation. */
            stream?: boolean | null;
            /**
             * Format: binary
             * @description Labelled rows: a .jsonl or .csv file, or a file id.
             */
            file?: string;
            /** @description Id of an uploaded file. */
            examples_file?: string | null;
            /**
             * Format: binary
             * @description Rows for `k_shot` and `naive_bayes`, as a file.
             */
            examples?: string;
        };
        /** @description How far an evaluation is. */
        EvaluationProgress: {
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            object: "evaluation.progress";
            /** @description `name` of the contender that is measured. */
            contender: string;
            /** Format: int64 */
            done: number;
            /** Format: int64 */
            total: number;
        };
        EvaluationRequest: {
            /** @description What is measured. `rows` and `examples` together are at most 20000; files may have more. */
            rows?: components["schemas"]["LabelledRow"][] | null;
            /** @description For `k_shot` and `naive_bayes`. `rows` and `examples` together are at most 20000; files may have more. */
            examples?: components["schemas"]["LabelledRow"][] | null;
            /** @description Side by side; what the task serves with when no version and no ensemble is named. */
            versions?: number[] | null;
            /** @description Versions that answer together, as in `1+2+3`. */
            ensembles?: string[] | null;
            /** @description The base model without a soft prompt: with the template alone, or with examples in front as text. `naive_bayes`: no model at all, but the words of all examples (multinomial, Laplace smoothing); for labels. */
            baselines?: components["schemas"]["Baseline"][] | null;
            /**
             * Format: int32
             * @description Examples of `k_shot`, of each label or (for completions) in all; 1 when left out.
             */
            shots?: number | null;
            /**
             * Format: int32
             * @description Draws the examples, and the samples of the intervals; 0 when left out.
             */
            seed?: number | null;
            /**
             * Format: int32
             * @description Output tokens of a completion; the task's default when left out.
             */
            max_tokens?: number | null;
            /** @description Progress as server-sent events; the last one is the evaluation. */
            stream?: boolean | null;
            /** @description Id of an uploaded file. */
            file?: string | null;
            /** @description Id of an uploaded file. */
            examples_file?: string | null;
        };
        /** @description A file of labelled rows. */
        File: {
            id: string;
            /** @constant */
            object: "file";
            /** Format: int64 */
            bytes: number;
            /**
             * Format: int64
             * @description Unix seconds.
             */
            created_at: number;
            filename: string;
            /** @constant */
            purpose: "fine-tune";
            /** @constant */
            status: "processed";
            /** @description Hash of the content. */
            sha256: string;
            /** @enum {string} */
            format: "jsonl" | "csv";
            /**
             * @description Rows of text and label, or of prompt and completion.
             * @enum {string}
             */
            kind: "classification" | "completion";
            /** Format: int64 */
            rows: number;
            /** @description Distinct labels; the first 1024. */
            labels: string[];
        };
        FileDeleted: {
            id: string;
            /** @constant */
            object: "file";
            /** @constant */
            deleted: true;
        };
        FileList: {
            /** @constant */
            object: "list";
            data: components["schemas"]["File"][];
            has_more: boolean;
            /** @description Pass it as `after`; null on the last page. */
            next: string | null;
        };
        FileUpload: {
            /** @constant */
            purpose: "fine-tune";
            /**
             * Format: binary
             * @description JSONL rows {"text","label"} or {"prompt","completion"}, or CSV with these columns.
             */
            file: string;
        };
        /** @description Learning a prompt for a task from labelled rows. */
        FineTuningJob: {
            id: string;
            /** @constant */
            object: "fine_tuning.job";
            /**
             * Format: int64
             * @description Unix seconds.
             */
            created_at: number;
            /** Format: int64 */
            started_at: number | null;
            /** Format: int64 */
            finished_at: number | null;
            status: components["schemas"]["FineTuningJobStatus"];
            model: string;
            /** @description The task. */
            suffix: string;
            /** @description `task@version` of the result. */
            fine_tuned_model: string | null;
            /** @description Whether the result served when it was published. */
            active: boolean | null;
            organization_id: string;
            result_files: string[];
            /** Format: int64 */
            seed: number;
            training_file: string;
            validation_file: string | null;
            hyperparameters: components["schemas"]["Settings"];
            method: components["schemas"]["FineTuningMethod"];
            /**
             * Format: int64
             * @description Tokens of the rows of all updates.
             */
            trained_tokens: number | null;
            score: components["schemas"]["ValidationScore"] | null;
            incumbent_score: components["schemas"]["ValidationScore"] | null;
            /** @description Of the other tasks, in their order. */
            other_results: components["schemas"]["FineTuningTaskResult"][];
            error: components["schemas"]["FineTuningJobError"] | null;
            metadata: components["schemas"]["Metadata"] | null;
        };
        /** @description A state from which a job goes on. */
        FineTuningJobCheckpoint: {
            id: string;
            /** @constant */
            object: "fine_tuning.job.checkpoint";
            /**
             * Format: int64
             * @description Unix seconds.
             */
            created_at: number;
            fine_tuning_job_id: string;
            /** @description The task; a checkpoint itself does not serve. */
            fine_tuned_model_checkpoint: string;
            /** Format: int64 */
            step_number: number;
            metrics: {
                [key: string]: number;
            };
        };
        FineTuningJobCheckpointList: {
            /** @constant */
            object: "list";
            data: components["schemas"]["FineTuningJobCheckpoint"][];
            has_more: boolean;
            /** @description Pass it as `after`; null on the last page. */
            next: string | null;
        };
        FineTuningJobError: {
            code: string;
            message: string;
            param: string | null;
        };
        /** @description What a job reported. */
        FineTuningJobEvent: {
            id: string;
            /** @constant */
            object: "fine_tuning.job.event";
            /**
             * Format: int64
             * @description Unix seconds.
             */
            created_at: number;
            /** @enum {string} */
            level: "info" | "warn" | "error";
            /** @enum {string} */
            type: "message" | "metrics";
            message: string;
            /** @description Numbers of a step or a validation; details of a message. */
            data: {
                [key: string]: unknown;
            };
        };
        FineTuningJobEventList: {
            /** @constant */
            object: "list";
            data: components["schemas"]["FineTuningJobEvent"][];
            has_more: boolean;
            /** @description Pass it as `after`; null on the last page. */
            next: string | null;
        };
        FineTuningJobList: {
            /** @constant */
            object: "list";
            data: components["schemas"]["FineTuningJob"][];
            has_more: boolean;
            /** @description Pass it as `after`; null on the last page. */
            next: string | null;
        };
        FineTuningJobRequest: {
            /** @description Id of the base model. */
            model: string;
            training_file: string;
            validation_file?: string | null;
            /** @description The task that gets the new version. */
            suffix: string;
            /** Format: int32 */
            seed?: number | null;
            method?: components["schemas"]["FineTuningMethodRequest"];
            metadata?: components["schemas"]["Metadata"];
        };
        /** @enum {string} */
        FineTuningJobStatus: "validating_files" | "queued" | "running" | "paused" | "succeeded" | "failed" | "cancelled";
        FineTuningMethod: {
            type: components["schemas"]["FineTuningMethodType"];
            prompt_tuning?: components["schemas"]["LearnedMethod"];
            prefix_tuning?: components["schemas"]["LearnedMethod"];
            multitask_prompt_tuning?: components["schemas"]["LearnedMultitaskMethod"];
        };
        FineTuningMethodRequest: {
            type: components["schemas"]["FineTuningMethodType"];
            prompt_tuning?: components["schemas"]["PromptTuningMethod"];
            prefix_tuning?: components["schemas"]["PrefixTuningMethod"];
            multitask_prompt_tuning?: components["schemas"]["MultitaskPromptTuningMethod"];
        };
        /** @enum {string} */
        FineTuningMethodType: "prompt_tuning" | "prefix_tuning" | "multitask_prompt_tuning";
        FineTuningTask: {
            suffix: string;
            training_file: string;
            validation_file: string | null;
        };
        FineTuningTaskResult: {
            suffix: string;
            fine_tuned_model: string;
            active: boolean;
            score: components["schemas"]["ValidationScore"] | null;
            incumbent_score: components["schemas"]["ValidationScore"] | null;
        };
        /**
         * @description `stop`: an end-of-text token or a stop string; `length`: `max_tokens`, or the context is full.
         * @enum {string}
         */
        FinishReason: "stop" | "length";
        Health: {
            /** @constant */
            status: "ok";
        };
        Hyperparameters: {
            /** @description "auto" or an integer from 1. Passes over the rows; auto: about 400 updates. */
            n_epochs?: "auto" | number;
            /** @description "auto" or an integer from 1 to 1024. Rows of an update; auto: 16. */
            batch_size?: "auto" | number;
            /** @description "auto" or a number above 0. Highest rate; auto: by the method, for prompt_tuning by the size of the model’s embeddings. */
            learning_rate?: "auto" | number;
            /** @description "auto" or a number above 0. Factor of the rate; auto: 1. */
            learning_rate_multiplier?: "auto" | number;
            /** @description "auto" or an integer from 1. Updates; wins over n_epochs. */
            max_steps?: "auto" | number;
            /** @description "auto" or one of adamw, adafactor, sgd. Optimiser; auto: adamw. */
            optim?: "auto" | ("adamw" | "adafactor" | "sgd");
            /** @description "auto" or one of constant, linear, cosine. Schedule after the warm-up; auto: linear. */
            lr_scheduler_type?: "auto" | ("constant" | "linear" | "cosine");
            /** @description "auto" or an integer from 0. Updates over which the rate rises; auto: a twentieth. */
            warmup_steps?: "auto" | number;
            /** @description "auto" or a number from 0 to 1. auto: the optimiser's default. */
            weight_decay?: "auto" | number;
            /** @description "auto" or a number above 0. Longest gradient; auto: 1. */
            max_grad_norm?: "auto" | number;
            /** @description "auto" or a number above 0. Longest row of the prompt; auto: no limit. */
            max_row_norm?: "auto" | number;
            /** @description "auto" or one of tokens, choices. Cross-entropy of the label's tokens, or over all labels; auto: choices where there are labels. */
            objective?: "auto" | ("tokens" | "choices");
            /** @description "auto" or an integer from 1. Updates between validations; auto: a tenth. */
            eval_steps?: "auto" | number;
            /** @description "auto" or an integer from 1. Updates between checkpoints; auto: a twentieth. */
            save_steps?: "auto" | number;
            /** @description "auto" or an integer from 1. Updates between reports; auto: at most 1000 reports. */
            logging_steps?: "auto" | number;
            /** @description "auto" or an integer from 0. Validations without improvement after which the job stops; 0: never; auto: 4. */
            early_stopping_patience?: "auto" | number;
            /** @description "auto" or a number from 0 to 0.9. Part of the rows held out where there is no validation file; auto: a tenth from 40 rows on. */
            validation_split?: "auto" | number;
            /**
             * @description auto: if at least as good as the active version on the validation rows.
             * @default auto
             * @enum {string}
             */
            activate?: "auto" | "always" | "never";
            /** @description `task` or `task@version` whose prompt learning starts from (transfer); for multitask_prompt_tuning the id of a job. */
            init_from?: string;
        };
        Info: {
            /** @description Version of this service. */
            version: string;
            /** @enum {string} */
            status: "loading" | "ready" | "restarting" | "draining";
            /**
             * @description Where the model runs: in this server, or in a vLLM server.
             * @enum {string}
             */
            engine: "embedded" | "vllm";
            model: components["schemas"]["ModelInfo"];
            /** @description Where the model runs: `cpu`, `cuda:` and the number of the graphics card, `webgpu`, or `remote`: vLLM knows. */
            device: string;
            limits: components["schemas"]["Limits"];
            /**
             * Format: int64
             * @description Number of tasks that the caller may use.
             */
            tasks: number;
        };
        /** @description Lower and upper end of a 95 % bootstrap interval. Of rows that all count alike it has no width. */
        Interval: number[];
        LabelScores: {
            label: string;
            /** Format: double */
            precision: number;
            /** Format: double */
            recall: number;
            /** Format: double */
            f1: number;
            /**
             * Format: int64
             * @description Rows with this label.
             */
            support: number;
            /**
             * Format: int64
             * @description Rows for which it was chosen.
             */
            predicted: number;
        };
        /** @description `text` and `label`, or `prompt` and `completion`. */
        LabelledRow: {
            text?: string;
            label?: string;
            prompt?: string;
            completion?: string;
        };
        LearnedMethod: {
            config: components["schemas"]["Settings"];
            hyperparameters: components["schemas"]["Settings"];
        };
        LearnedMultitaskMethod: {
            config: components["schemas"]["Settings"];
            hyperparameters: components["schemas"]["Settings"];
            other_tasks: components["schemas"]["FineTuningTask"][];
        };
        /** @enum {string} */
        LearnedTaskType: "CAUSAL_LM" | "SEQ_2_SEQ_LM";
        Limits: {
            /**
             * Format: int64
             * @description Positions of one request: virtual tokens, input and output. Of an encoder-decoder model: virtual tokens and input, and as many for the output.
             */
            context_length: number;
            /** Format: int64 */
            max_batch_size: number;
            /** Format: int64 */
            max_queue_length: number;
            /** Format: int64 */
            body_bytes: number;
            /** Format: int64 */
            upload_bytes: number;
            /** Format: int64 */
            concurrent_uploads: number;
        };
        /**
         * @description What a row counts for: right or not, or (`token_f1`) a part of 1.
         * @enum {string}
         */
        Measure: "accuracy" | "exact_match" | "token_f1";
        Metadata: {
            [key: string]: string;
        };
        /** @description The base model, or a task on it. */
        Model: {
            /** @description What requests name as `model`. */
            id: string;
            /** @constant */
            object: "model";
            /**
             * Format: int64
             * @description Unix seconds.
             */
            created: number;
            owned_by: string;
            /** @description The base model. */
            root: string;
            /** @description The base model; null for the base model itself. */
            parent: string | null;
        };
        ModelInfo: {
            id: string;
            /** @description Identity of the frozen model, to which prompts are bound. */
            hash: string;
            family: string;
            /** @enum {string} */
            precision: "float32" | "float16" | "int8" | "int4";
            /**
             * Format: int64
             * @description Width that prompts must have.
             */
            token_dim: number;
            /** Format: int64 */
            num_layers: number;
            /** Format: int64 */
            num_attention_heads: number;
            /** Format: int64 */
            num_key_value_heads: number;
            /** Format: int64 */
            head_dim: number;
            /** Format: int64 */
            vocab_size: number;
            /**
             * Format: int64
             * @description The model's own limit of positions.
             */
            context_length: number;
            /** @description Names under which adapters may name this model. */
            aliases: string[];
        };
        ModelList: {
            /** @constant */
            object: "list";
            data: components["schemas"]["Model"][];
        };
        MultitaskPromptTuningConfig: {
            /** @constant */
            peft_type?: "MULTITASK_PROMPT_TUNING";
            task_type?: components["schemas"]["LearnedTaskType"];
            auto_mapping?: null;
            base_model_name_or_path?: string | null;
            revision?: string | null;
            inference_mode?: boolean;
            peft_version?: string | null;
            /**
             * Format: int32
             * @default 20
             */
            num_virtual_tokens: number;
            /** Format: int32 */
            token_dim?: number | null;
            /** Format: int32 */
            num_transformer_submodules?: number | null;
            /** Format: int32 */
            num_attention_heads?: number | null;
            /** Format: int32 */
            num_layers?: number | null;
            modules_to_save?: null;
            /**
             * Format: int32
             * @description Ranks of the factors; left out: 1.
             */
            num_ranks?: number;
            /** Format: int32 */
            num_tasks?: number | null;
            /**
             * @description Of the shared rows, as for prompt_tuning; with init_from one of the last three, left out: AVERAGE_SOURCE_TASKS.
             * @enum {string}
             */
            prompt_tuning_init?: "RANDOM" | "TEXT" | "SAMPLE_VOCAB" | "CLASS_LABELS" | "AVERAGE_SOURCE_TASKS" | "EXACT_SOURCE_TASK" | "ONLY_SOURCE_SHARED";
            prompt_tuning_init_text?: string | null;
            /**
             * Format: int32
             * @description The task of EXACT_SOURCE_TASK.
             */
            prompt_tuning_init_task?: number;
            prompt_tuning_init_state_dict_path?: null;
            tokenizer_name_or_path?: string | null;
            tokenizer_kwargs?: null;
        };
        MultitaskPromptTuningMethod: {
            config?: components["schemas"]["MultitaskPromptTuningConfig"];
            hyperparameters?: components["schemas"]["Hyperparameters"];
            /** @description Tasks that share the prompt with the job's own, which is task 0; in the order of their ids. */
            other_tasks?: components["schemas"]["OtherTask"][];
        };
        Neighbor: {
            /**
             * Format: int64
             * @description Row of the embedding table.
             */
            id: number;
            /** @description The token's string in the vocabulary; null: the row has no token. */
            token: string | null;
            /** Format: double */
            cosine: number;
        };
        OtherTask: {
            /** @description The task that gets a new version. */
            suffix: string;
            training_file: string;
            validation_file?: string | null;
        };
        PrefixTuningConfig: {
            /** @constant */
            peft_type?: "PREFIX_TUNING";
            task_type?: components["schemas"]["LearnedTaskType"];
            auto_mapping?: null;
            base_model_name_or_path?: string | null;
            revision?: string | null;
            inference_mode?: boolean;
            peft_version?: string | null;
            /**
             * Format: int32
             * @default 20
             */
            num_virtual_tokens: number;
            /** Format: int32 */
            token_dim?: number | null;
            /** Format: int32 */
            num_transformer_submodules?: number | null;
            /** Format: int32 */
            num_attention_heads?: number | null;
            /** Format: int32 */
            num_layers?: number | null;
            modules_to_save?: null;
            /** Format: int32 */
            encoder_hidden_size?: number | null;
            /**
             * @description true is refused: keys and values are learned as they are.
             * @default false
             */
            prefix_projection: boolean;
            init_weights?: null;
            /**
             * @description RANDOM: keys and values drawn as PEFT does. Others: the keys and values that the model computes of prompt_tuning's first rows; left out: as there.
             * @enum {string}
             */
            prompt_tuning_init?: "RANDOM" | "TEXT" | "SAMPLE_VOCAB" | "CLASS_LABELS";
            prompt_tuning_init_text?: string | null;
        };
        PrefixTuningMethod: {
            config?: components["schemas"]["PrefixTuningConfig"];
            hyperparameters?: components["schemas"]["Hyperparameters"];
        };
        /** @description A refusal: RFC 9457 problem document. */
        Problem: {
            /** @description URI of the problem type; ends in the error code. */
            type: string;
            /** @description The status code's reason phrase. */
            title: string;
            /** Format: int64 */
            status: number;
            detail: string;
            /** @description Path of the request. */
            instance: string;
            /** @description The same as the header x-request-id. */
            request_id: string;
            /** @description The field, tensor or file at fault. */
            param?: string;
            /** @description What the rule allows. */
            expected?: unknown;
            /** @description What came instead. */
            given?: unknown;
            error: components["schemas"]["ApiError"];
        };
        PromoteRequest: {
            /** Format: int32 */
            version: number;
        };
        /** @description One immutable version of a task's soft prompt. */
        Prompt: {
            /** @constant */
            object: "prompt";
            task: string;
            /** Format: int64 */
            version: number;
            /** @description SHA-256 of the tensor file as stored; also the ETag. */
            sha256: string;
            /** @description PEFT's `peft_type`. */
            peft_type: string;
            /** @description PEFT's `task_type`: CAUSAL_LM, or SEQ_CLS of a prompt with a classification head. */
            task_type: string;
            /**
             * Format: int64
             * @description Rows of the prompt.
             */
            num_virtual_tokens: number;
            /**
             * Format: int64
             * @description PEFT's `token_dim`: the width of a row.
             */
            token_dim: number;
            /**
             * Format: int64
             * @description Labels of the classification head; null: it has none.
             */
            num_labels: number | null;
            /** @description Whether the task serves this version. */
            active: boolean;
            /**
             * Format: int64
             * @description Size of the tensor file.
             */
            bytes: number;
            /** @description The model for which the prompt was checked. */
            model_hash: string;
            /**
             * Format: int64
             * @description Unix seconds.
             */
            created_at: number;
        };
        PromptList: {
            /** @constant */
            object: "list";
            data: components["schemas"]["Prompt"][];
            has_more: boolean;
            /** @description Pass it as `after`; null on the last page. */
            next: string | null;
        };
        /** @description The tokens that the rows of a prompt are nearest to. */
        PromptNeighbors: {
            /** @constant */
            object: "prompt.neighbors";
            task: string;
            /** Format: int64 */
            version: number;
            /** Format: int64 */
            k: number;
            /** @constant */
            metric: "cosine";
            /**
             * Format: double
             * @description Median L2 norm of the rows of the model's embedding table, as they enter the model.
             */
            median_embedding_norm: number;
            /** @description What not to conclude. */
            caution: string;
            virtual_tokens: components["schemas"]["VirtualToken"][];
        };
        /** @description How alike prompts are: both measures of Vu et al. 2022 (SPoT). */
        PromptSimilarity: {
            /** @constant */
            object: "prompt.similarity";
            /** @description `task@version` of each. */
            ids: string[];
            /** @description Cosine of the two mean vectors; null: one of them is zero. In the order of `ids`. */
            mean: (number | null)[][];
            /** @description Mean cosine over all pairs of a row of the one and a row of the other, rows of zeros left out; null: one has no other rows. In the order of `ids`. */
            pairs: (number | null)[][];
        };
        PromptTokensDetails: {
            /**
             * Format: int64
             * @description Rows of the soft prompt in front of the input.
             */
            virtual_tokens: number;
        };
        PromptTuningConfig: {
            /** @constant */
            peft_type?: "PROMPT_TUNING";
            task_type?: components["schemas"]["LearnedTaskType"];
            auto_mapping?: null;
            base_model_name_or_path?: string | null;
            revision?: string | null;
            inference_mode?: boolean;
            peft_version?: string | null;
            /**
             * Format: int32
             * @default 20
             */
            num_virtual_tokens: number;
            /** Format: int32 */
            token_dim?: number | null;
            /** Format: int32 */
            num_transformer_submodules?: number | null;
            /** Format: int32 */
            num_attention_heads?: number | null;
            /** Format: int32 */
            num_layers?: number | null;
            modules_to_save?: null;
            /**
             * @description PEFT's three, and the class labels; left out: the labels if there are any, else SAMPLE_VOCAB.
             * @enum {string}
             */
            prompt_tuning_init?: "RANDOM" | "TEXT" | "SAMPLE_VOCAB" | "CLASS_LABELS";
            prompt_tuning_init_text?: string | null;
            tokenizer_name_or_path?: string | null;
            tokenizer_kwargs?: null;
        };
        PromptTuningMethod: {
            config?: components["schemas"]["PromptTuningConfig"];
            hyperparameters?: components["schemas"]["Hyperparameters"];
        };
        PromptUpload: {
            /**
             * Format: binary
             * @description PEFT's adapter_config.json.
             */
            adapter_config: string;
            /**
             * Format: binary
             * @description PEFT's adapter_model.safetensors.
             */
            adapter_model: string;
        };
        RowPlace: {
            /** Format: int64 */
            row: number;
            /** Format: int64 */
            line: number;
        };
        Score: {
            /**
             * Format: double
             * @description Sum of log p(target tokens | prompt, text), in nats.
             */
            loglik: number;
            /**
             * Format: int64
             * @description Number of target tokens.
             */
            tokens: number;
        };
        ScoreInput: {
            text: string;
            target: string;
        };
        ScoreRequest: {
            inputs: components["schemas"]["ScoreInput"][];
            /**
             * Format: int32
             * @description A version, instead of what the task serves with.
             */
            version?: number | null;
            /** @description An ensemble of these versions, instead of what the task serves with. */
            versions?: number[] | null;
            /** @description Whoever asks: the same user of a task that splits its requests gets the same version. An empty one is as none. */
            user?: string | null;
            service_tier?: components["schemas"]["ServiceTier"] | null;
        };
        ScoreResponse: {
            results: components["schemas"]["Score"][];
            /** @description What served: `task@version`, `task@1+2` of an ensemble, or the base model. */
            model: string;
            usage: components["schemas"]["Usage"];
        };
        /**
         * @description `flex`: batch work, which interactive work overtakes. `default`: interactive. `auto`: batch work when the request holds more than 8 sequences.
         * @enum {string}
         */
        ServiceTier: "auto" | "default" | "flex";
        /** @description What a task serves with, and how it does. */
        Serving: {
            /** @constant */
            object: "serving";
            task: string;
            plan: components["schemas"]["ServingPlan"] | null;
            /** @description What a roll back brings back. */
            previous: components["schemas"]["ServingPlan"] | null;
            /** @description Those that answer; empty for a key without the scope `write`. */
            versions: components["schemas"]["VersionStats"][];
            /** @description Null without a shadow, and for a key without the scope `write`. */
            shadow: components["schemas"]["ShadowStats"] | null;
        };
        /** @description Which versions answer requests that name none. */
        ServingPlan: {
            /**
             * @description `version`: one answers. `ensemble`: all answer each request together, by majority vote, or token by token from the mean of their probabilities. `split`: one answers each request, drawn by weight.
             * @enum {string}
             */
            type: "version" | "ensemble" | "split";
            /**
             * Format: int32
             * @description Of `version`.
             */
            version?: number;
            /** @description Of `ensemble`. */
            versions?: number[];
            /** @description Of `split`. */
            shares?: components["schemas"]["Share"][];
            /**
             * Format: int32
             * @description A version that is asked as well, after the answer is complete, and compared. Nobody gets what it says.
             */
            shadow: number | null;
        };
        ServingPlanRequest: {
            /**
             * @description `version`: one answers. `ensemble`: all answer each request together, by majority vote, or token by token from the mean of their probabilities. `split`: one answers each request, drawn by weight.
             * @enum {string}
             */
            type: "version" | "ensemble" | "split";
            /**
             * Format: int32
             * @description Of `version`.
             */
            version?: number;
            /** @description Of `ensemble`. */
            versions?: number[];
            /** @description Of `split`. */
            shares?: components["schemas"]["Share"][];
            /**
             * Format: int32
             * @description A version that is asked as well, after the answer is complete, and compared. Nobody gets what it says.
             */
            shadow?: number | null;
        };
        /** @description Settings under the names that the request gives them. */
        Settings: {
            [key: string]: unknown;
        };
        /** @description Inputs and choices, of what the task serves with now, since the start of the process. */
        ShadowStats: {
            /** Format: int32 */
            version: number;
            /**
             * Format: int64
             * @description What the client got as well: the label of an input, or the text of a choice.
             */
            same: number;
            /** Format: int64 */
            different: number;
            /** Format: int64 */
            failed: number;
            /**
             * Format: int64
             * @description Not asked, because the server was busy or not ready.
             */
            skipped: number;
        };
        Share: {
            /** Format: int32 */
            version: number;
            /**
             * Format: double
             * @description Its part of the requests; those of a split sum to 1.
             */
            weight: number;
        };
        /** @description Each contender against the first on the same rows: the interval by the paired bootstrap (Koehn 2004), p by the paired randomisation test, 1 when no row differs. The p-values are of one comparison each: of many, some are small by chance. */
        Significance: {
            /** @description Empty when there is one contender. One that shares no row with the first is left out. */
            comparisons: components["schemas"]["Comparison"][];
        };
        /** @description Rows that do not fit into the context, and the first of them. They count in no score. */
        SkippedRows: {
            /** Format: int64 */
            count: number;
            rows: components["schemas"]["RowPlace"][];
        };
        /** @description The last event but `[DONE]` of a stream that failed. */
        StreamError: {
            error: components["schemas"]["ApiError"];
        };
        StreamOptions: {
            /** @description End with a chunk that has the usage. */
            include_usage?: boolean | null;
        };
        /** @description A named task on the frozen model. */
        Task: {
            /** @constant */
            object: "task";
            name: string;
            description: string | null;
            /** @description Text with exactly one `{text}`, into which inputs are put. */
            template: string | null;
            /** @description What `classify` ranks by default, as continuations of the input; of a version with a classification head the names of its rows, in their order. At most 65,536 characters together. */
            labels: string[] | null;
            defaults: components["schemas"]["TaskDefaults"] | null;
            /**
             * Format: int64
             * @description The version that serves, or stands for those that do; null: nothing serves.
             */
            active_version: number | null;
            serving: components["schemas"]["ServingPlan"] | null;
            /**
             * Format: int64
             * @description Unix seconds.
             */
            created_at: number;
            /**
             * Format: int64
             * @description Unix seconds.
             */
            updated_at: number;
        };
        /** @description Generation fields that a request to this task starts from. */
        TaskDefaults: {
            /**
             * Format: int32
             * @description Largest number of output tokens.
             */
            max_tokens?: number | null;
            /**
             * Format: double
             * @description 0 is greedy.
             */
            temperature?: number | null;
            /**
             * Format: double
             * @description 1 is off.
             */
            top_p?: number | null;
            /**
             * Format: int32
             * @description 0 is off.
             */
            top_k?: number | null;
            /**
             * Format: double
             * @description Divides positive and multiplies negative logits; 1 is off.
             */
            repetition_penalty?: number | null;
            /** Format: double */
            presence_penalty?: number | null;
            /** Format: double */
            frequency_penalty?: number | null;
            /** @description A string or a list of at most 4 strings, none of them empty. */
            stop?: string | string[] | null;
            /**
             * Format: int64
             * @description Same seed, same output.
             */
            seed?: number | null;
        };
        TaskList: {
            /** @constant */
            object: "list";
            data: components["schemas"]["Task"][];
            has_more: boolean;
            /** @description Pass it as `after`; null on the last page. */
            next: string | null;
        };
        TaskRequest: {
            description?: string | null;
            /** @description Text with exactly one `{text}`, into which inputs are put. */
            template?: string | null;
            /** @description What `classify` ranks by default, as continuations of the input; of a version with a classification head the names of its rows, in their order. At most 65,536 characters together. */
            labels?: string[] | null;
            defaults?: components["schemas"]["TaskDefaults"] | null;
        };
        TokenizeRequest: {
            text: string;
            /**
             * @description As inference does.
             * @default true
             */
            add_special_tokens: boolean;
        };
        TokenizeResponse: {
            ids: number[];
            /** @description The vocabulary's entries, in its own notation. */
            tokens: string[];
            /** Format: int64 */
            count: number;
        };
        TransferCandidate: {
            /** @description `task@version`. */
            id: string;
            task: string;
            /** Format: int64 */
            version: number;
            /**
             * Format: double
             * @description Cosine of the mean vectors; null: one of them is zero.
             */
            mean: number | null;
            /**
             * Format: double
             * @description Mean cosine over all pairs of rows; null: one has only rows of zeros.
             */
            pairs: number | null;
        };
        /** @description Prompts that another one could start from. */
        TransferCandidates: {
            /** @constant */
            object: "list";
            /** @description `task@version`. */
            target: string;
            /** @enum {string} */
            measure: "mean" | "pairs";
            /** @description The most alike first. */
            data: components["schemas"]["TransferCandidate"][];
        };
        TransferRequest: {
            /** @description `task@version`, or `task`: its active version. */
            target: string;
            /**
             * Format: int32
             * @description The most that are listed; 10 when left out.
             */
            limit?: number | null;
            /**
             * @description By which they are ordered; `mean` when left out.
             * @enum {string|null}
             */
            measure?: "mean" | "pairs" | null;
        };
        UploadedPrompt: {
            /** @constant */
            object: "prompt";
            task: string;
            /** Format: int64 */
            version: number;
            /** @description SHA-256 of the tensor file as stored; also the ETag. */
            sha256: string;
            /** @description PEFT's `peft_type`. */
            peft_type: string;
            /** @description PEFT's `task_type`: CAUSAL_LM, or SEQ_CLS of a prompt with a classification head. */
            task_type: string;
            /**
             * Format: int64
             * @description Rows of the prompt.
             */
            num_virtual_tokens: number;
            /**
             * Format: int64
             * @description PEFT's `token_dim`: the width of a row.
             */
            token_dim: number;
            /**
             * Format: int64
             * @description Labels of the classification head; null: it has none.
             */
            num_labels: number | null;
            /** @description Whether the task serves this version. */
            active: boolean;
            /**
             * Format: int64
             * @description Size of the tensor file.
             */
            bytes: number;
            /** @description The model for which the prompt was checked. */
            model_hash: string;
            /**
             * Format: int64
             * @description Unix seconds.
             */
            created_at: number;
            /** @description What was ignored of adapter_config.json, or stored in another form. */
            warnings: string[];
        };
        /** @description Tokens that a request used. */
        Usage: {
            /**
             * Format: int64
             * @description Input tokens, without virtual tokens.
             */
            prompt_tokens: number;
            /** Format: int64 */
            completion_tokens: number;
            /** Format: int64 */
            total_tokens: number;
            prompt_tokens_details: components["schemas"]["PromptTokensDetails"];
        };
        ValidationScore: {
            /**
             * Format: double
             * @description On the validation rows, in nats.
             */
            loss: number;
            /** Format: double */
            accuracy: number | null;
        };
        /** @description Since the start of the process. */
        VersionStats: {
            /** Format: int32 */
            version: number;
            /**
             * Format: int64
             * @description Checked requests.
             */
            requests: number;
            /**
             * Format: int64
             * @description Those of them that ended with an error.
             */
            errors: number;
            /** Format: int64 */
            output_tokens: number;
            /**
             * Format: double
             * @description Of requests that were answered in full; null: there were none.
             */
            mean_seconds: number | null;
        };
        VirtualToken: {
            /**
             * Format: int64
             * @description From 0.
             */
            index: number;
            /**
             * Format: double
             * @description L2 norm of the row.
             */
            norm: number;
            /**
             * Format: double
             * @description `norm` divided by `median_embedding_norm`.
             */
            norm_ratio: number;
            /** @description The most alike first; none of a row of zeros, which has no direction. */
            neighbors: components["schemas"]["Neighbor"][];
        };
    };
    responses: {
        /** @description The request breaks its schema or a documented rule. */
        BadRequest: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:invalid_field",
                 *       "title": "Bad Request",
                 *       "status": 400,
                 *       "detail": "\"temperature\" must be <= 100.",
                 *       "instance": "/v1/completions",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "param": "temperature",
                 *       "expected": "<= 100",
                 *       "given": 400,
                 *       "error": {
                 *         "message": "\"temperature\" must be <= 100.",
                 *         "type": "invalid_request_error",
                 *         "param": "temperature",
                 *         "code": "invalid_field"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The server asks for an API key, and none that it knows came. */
        Unauthorized: {
            headers: {
                /** @description The scheme to use: `Bearer`. */
                "www-authenticate": string;
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:invalid_api_key",
                 *       "title": "Unauthorized",
                 *       "status": 401,
                 *       "detail": "The API key is not valid.",
                 *       "instance": "/v1/completions",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "param": "authorization",
                 *       "error": {
                 *         "message": "The API key is not valid.",
                 *         "type": "authentication_error",
                 *         "param": "authorization",
                 *         "code": "invalid_api_key"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The API key does not allow this. */
        Forbidden: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:missing_scope",
                 *       "title": "Forbidden",
                 *       "status": 403,
                 *       "detail": "This needs a key with the scope \"write\".",
                 *       "instance": "/v1/tasks/sentiment",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "expected": "write",
                 *       "given": "infer",
                 *       "error": {
                 *         "message": "This needs a key with the scope \"write\".",
                 *         "type": "permission_error",
                 *         "param": null,
                 *         "code": "missing_scope"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The task, version, model, file or job does not exist. */
        NotFound: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:task_not_found",
                 *       "title": "Not Found",
                 *       "status": 404,
                 *       "detail": "There is no task \"sentimant\".",
                 *       "instance": "/v1/tasks/sentimant",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "param": "task",
                 *       "given": "sentimant",
                 *       "error": {
                 *         "message": "There is no task \"sentimant\".",
                 *         "type": "not_found_error",
                 *         "param": "task",
                 *         "code": "task_not_found"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The operation cannot answer in a type that `Accept` names. */
        NotAcceptable: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:not_acceptable",
                 *       "title": "Not Acceptable",
                 *       "status": 406,
                 *       "detail": "This operation cannot answer in a type that the Accept header names.",
                 *       "instance": "/v1/completions",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "param": "accept",
                 *       "expected": [
                 *         "application/json"
                 *       ],
                 *       "given": "text/html",
                 *       "error": {
                 *         "message": "This operation cannot answer in a type that the Accept header names.",
                 *         "type": "invalid_request_error",
                 *         "param": "accept",
                 *         "code": "not_acceptable"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The request conflicts with the current state. */
        Conflict: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:version_active",
                 *       "title": "Conflict",
                 *       "status": 409,
                 *       "detail": "Version 2 of \"sentiment\" is active.",
                 *       "instance": "/v1/tasks/sentiment/prompts/2",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "param": "version",
                 *       "given": 2,
                 *       "error": {
                 *         "message": "Version 2 of \"sentiment\" is active.",
                 *         "type": "invalid_request_error",
                 *         "param": "version",
                 *         "code": "version_active"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is larger than allowed. */
        ContentTooLarge: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:body_too_large",
                 *       "title": "Payload Too Large",
                 *       "status": 413,
                 *       "detail": "The request body is too large.",
                 *       "instance": "/v1/completions",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "expected": "at most 4194304 bytes",
                 *       "given": "8388608",
                 *       "error": {
                 *         "message": "The request body is too large.",
                 *         "type": "invalid_request_error",
                 *         "param": null,
                 *         "code": "body_too_large"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is of a type that is not taken here; pickle and zip files are never taken. */
        UnsupportedMediaType: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:unsupported_media_type",
                 *       "title": "Unsupported Media Type",
                 *       "status": 415,
                 *       "detail": "This operation does not take a body of this type.",
                 *       "instance": "/v1/completions",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "param": "content-type",
                 *       "expected": "application/json",
                 *       "given": "application/x-www-form-urlencoded",
                 *       "error": {
                 *         "message": "This operation does not take a body of this type.",
                 *         "type": "invalid_request_error",
                 *         "param": "content-type",
                 *         "code": "unsupported_media_type"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Well-formed, but wrong for this model; says what was expected and given. */
        UnprocessableContent: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:token_dim_mismatch",
                 *       "title": "Unprocessable Entity",
                 *       "status": 422,
                 *       "detail": "The prompt is 768 wide; this model needs 576.",
                 *       "instance": "/v1/tasks/sentiment/prompts",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "param": "adapter_model",
                 *       "expected": 576,
                 *       "given": 768,
                 *       "error": {
                 *         "message": "The prompt is 768 wide; this model needs 576.",
                 *         "type": "invalid_request_error",
                 *         "param": "adapter_model",
                 *         "code": "token_dim_mismatch"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too many requests at once; `Retry-After` says when to try again. */
        TooManyRequests: {
            headers: {
                /** @description Seconds to wait. */
                "retry-after": number;
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:queue_full",
                 *       "title": "Too Many Requests",
                 *       "status": 429,
                 *       "detail": "The queue is full.",
                 *       "instance": "/v1/completions",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "error": {
                 *         "message": "The queue is full.",
                 *         "type": "rate_limit_error",
                 *         "param": null,
                 *         "code": "queue_full"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A fault of the server. */
        InternalServerError: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:internal_error",
                 *       "title": "Internal Server Error",
                 *       "status": 500,
                 *       "detail": "The server failed to handle this request.",
                 *       "instance": "/v1/completions",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "error": {
                 *         "message": "The server failed to handle this request.",
                 *         "type": "server_error",
                 *         "param": null,
                 *         "code": "internal_error"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No capacity, loading or draining; `Retry-After` says when to try again. */
        ServiceUnavailable: {
            headers: {
                /** @description Seconds to wait. */
                "retry-after": number;
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:loading",
                 *       "title": "Service Unavailable",
                 *       "status": 503,
                 *       "detail": "The model is being loaded.",
                 *       "instance": "/v1/completions",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "error": {
                 *         "message": "The model is being loaded.",
                 *         "type": "server_error",
                 *         "param": null,
                 *         "code": "loading"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The request did not arrive in time; the connection is closed. */
        RequestTimeout: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:request_timeout",
                 *       "title": "Request Timeout",
                 *       "status": 408,
                 *       "detail": "The request did not arrive in time.",
                 *       "instance": "/",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "error": {
                 *         "message": "The request did not arrive in time.",
                 *         "type": "invalid_request_error",
                 *         "param": null,
                 *         "code": "request_timeout"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The headers are too large; the connection is closed. */
        RequestHeaderFieldsTooLarge: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:headers_too_large",
                 *       "title": "Request Header Fields Too Large",
                 *       "status": 431,
                 *       "detail": "The request's headers are too large.",
                 *       "instance": "/",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "error": {
                 *         "message": "The request's headers are too large.",
                 *         "type": "invalid_request_error",
                 *         "param": null,
                 *         "code": "headers_too_large"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A part of the path is too long. */
        UriTooLong: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:url_too_long",
                 *       "title": "URI Too Long",
                 *       "status": 414,
                 *       "detail": "A part of the path is too long.",
                 *       "instance": "/v1/models/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "error": {
                 *         "message": "A part of the path is too long.",
                 *         "type": "invalid_request_error",
                 *         "param": null,
                 *         "code": "url_too_long"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The storage is full; nothing was stored. */
        InsufficientStorage: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:storage_full",
                 *       "title": "Insufficient Storage",
                 *       "status": 507,
                 *       "detail": "There is no space left to store this.",
                 *       "instance": "/v1/tasks/sentiment/prompts",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "error": {
                 *         "message": "There is no space left to store this.",
                 *         "type": "server_error",
                 *         "param": null,
                 *         "code": "storage_full"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Another version is active than the one in `If-Match`. */
        PreconditionFailed: {
            headers: {
                "x-request-id": components["headers"]["RequestId"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:softprompt:problem:active_version_changed",
                 *       "title": "Precondition Failed",
                 *       "status": 412,
                 *       "detail": "The active version is not one that If-Match names.",
                 *       "instance": "/v1/tasks/sentiment/prompts/2/activate",
                 *       "request_id": "2f1c7a52-8f5e-4d0b-9d3c-6d2f5a0e7b11",
                 *       "param": "if-match",
                 *       "expected": "\"3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7\"",
                 *       "given": "no active version",
                 *       "error": {
                 *         "message": "The active version is not one that If-Match names.",
                 *         "type": "invalid_request_error",
                 *         "param": "if-match",
                 *         "code": "active_version_changed"
                 *       }
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description The request's own `x-request-id` if it has one, else a new id; it is in the log, too. */
        RequestId: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    createCompletion: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "model": "sentiment",
                 *       "prompt": "The film was a delight.",
                 *       "max_tokens": 4,
                 *       "temperature": 0
                 *     }
                 */
                "application/json": components["schemas"]["CompletionRequest"];
            };
        };
        responses: {
            /** @description The finished text, or its pieces as events. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "cmpl-7f1f3a0e",
                     *       "object": "text_completion",
                     *       "created": 1767225600,
                     *       "model": "sentiment@1",
                     *       "choices": [
                     *         {
                     *           "index": 0,
                     *           "text": " positive",
                     *           "finish_reason": "stop",
                     *           "logprobs": null
                     *         }
                     *       ],
                     *       "usage": {
                     *         "prompt_tokens": 9,
                     *         "completion_tokens": 1,
                     *         "total_tokens": 10,
                     *         "prompt_tokens_details": {
                     *           "virtual_tokens": 20
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Completion"];
                    /**
                     * @example data: {"id":"cmpl-7f1f3a0e","object":"text_completion","created":1767225600,"model":"sentiment@1","choices":[{"index":0,"text":" positive","finish_reason":null,"logprobs":null}]}
                     *
                     *     data: {"id":"cmpl-7f1f3a0e","object":"text_completion","created":1767225600,"model":"sentiment@1","choices":[{"index":0,"text":"","finish_reason":"stop","logprobs":null}]}
                     *
                     *     data: [DONE]
                     */
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    createChatCompletion: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "model": "sentiment",
                 *       "messages": [
                 *         {
                 *           "role": "user",
                 *           "content": "Hello!"
                 *         }
                 *       ],
                 *       "max_tokens": 16
                 *     }
                 */
                "application/json": components["schemas"]["ChatCompletionRequest"];
            };
        };
        responses: {
            /** @description The finished answer, or its pieces as events. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "chatcmpl-7f1f3a0e",
                     *       "created": 1767225600,
                     *       "model": "sentiment@1",
                     *       "object": "chat.completion",
                     *       "choices": [
                     *         {
                     *           "index": 0,
                     *           "message": {
                     *             "role": "assistant",
                     *             "content": "Hi!",
                     *             "refusal": null
                     *           },
                     *           "finish_reason": "stop",
                     *           "logprobs": null
                     *         }
                     *       ],
                     *       "usage": {
                     *         "prompt_tokens": 9,
                     *         "completion_tokens": 1,
                     *         "total_tokens": 10,
                     *         "prompt_tokens_details": {
                     *           "virtual_tokens": 20
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ChatCompletion"];
                    /**
                     * @example data: {"id":"chatcmpl-7f1f3a0e","created":1767225600,"model":"sentiment@1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}
                     *
                     *     data: {"id":"chatcmpl-7f1f3a0e","created":1767225600,"model":"sentiment@1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hi!"},"logprobs":null,"finish_reason":null}]}
                     *
                     *     data: {"id":"chatcmpl-7f1f3a0e","created":1767225600,"model":"sentiment@1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}
                     *
                     *     data: [DONE]
                     */
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    classify: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A task, or the base model's id. */
                task: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "inputs": [
                 *         "The film was a delight."
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["ClassifyRequest"];
            };
        };
        responses: {
            /** @description One result an input, in order. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "results": [
                     *         {
                     *           "label": " positive",
                     *           "probabilities": {
                     *             " positive": 0.97,
                     *             " negative": 0.03
                     *           }
                     *         }
                     *       ],
                     *       "model": "sentiment@1",
                     *       "usage": {
                     *         "prompt_tokens": 9,
                     *         "completion_tokens": 1,
                     *         "total_tokens": 10,
                     *         "prompt_tokens_details": {
                     *           "virtual_tokens": 20
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ClassifyResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    score: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A task, or the base model's id. */
                task: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "inputs": [
                 *         {
                 *           "text": "The film was a delight.",
                 *           "target": " positive"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["ScoreRequest"];
            };
        };
        responses: {
            /** @description One result an input, in order. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "results": [
                     *         {
                     *           "loglik": -0.41,
                     *           "tokens": 1
                     *         }
                     *       ],
                     *       "model": "sentiment@1",
                     *       "usage": {
                     *         "prompt_tokens": 9,
                     *         "completion_tokens": 1,
                     *         "total_tokens": 10,
                     *         "prompt_tokens_details": {
                     *           "virtual_tokens": 20
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ScoreResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    tokenize: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "text": "Hello world"
                 *     }
                 */
                "application/json": components["schemas"]["TokenizeRequest"];
            };
        };
        responses: {
            /** @description The ids and their tokens. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "ids": [
                     *         19556,
                     *         905
                     *       ],
                     *       "tokens": [
                     *         "Hello",
                     *         "Ġworld"
                     *       ],
                     *       "count": 2
                     *     }
                     */
                    "application/json": components["schemas"]["TokenizeResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    detokenize: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "ids": [
                 *         19556,
                 *         905
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["DetokenizeRequest"];
            };
        };
        responses: {
            /** @description The text. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "text": "Hello world"
                     *     }
                     */
                    "application/json": components["schemas"]["DetokenizeResponse"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    getTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the task. */
                task: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "task",
                     *       "name": "sentiment",
                     *       "description": "Sentiment of film reviews",
                     *       "template": "Review: {text}\nSentiment:",
                     *       "labels": [
                     *         " positive",
                     *         " negative"
                     *       ],
                     *       "defaults": {
                     *         "max_tokens": 4,
                     *         "temperature": 0
                     *       },
                     *       "active_version": 1,
                     *       "serving": {
                     *         "type": "version",
                     *         "version": 1,
                     *         "shadow": null
                     *       },
                     *       "created_at": 1767225600,
                     *       "updated_at": 1767225600
                     *     }
                     */
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    putTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the task. */
                task: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "description": "Sentiment of film reviews",
                 *       "template": "Review: {text}\nSentiment:",
                 *       "labels": [
                 *         " positive",
                 *         " negative"
                 *       ],
                 *       "defaults": {
                 *         "max_tokens": 4,
                 *         "temperature": 0
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["TaskRequest"];
            };
        };
        responses: {
            /** @description The metadata was replaced. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "task",
                     *       "name": "sentiment",
                     *       "description": "Sentiment of film reviews",
                     *       "template": "Review: {text}\nSentiment:",
                     *       "labels": [
                     *         " positive",
                     *         " negative"
                     *       ],
                     *       "defaults": {
                     *         "max_tokens": 4,
                     *         "temperature": 0
                     *       },
                     *       "active_version": 1,
                     *       "serving": {
                     *         "type": "version",
                     *         "version": 1,
                     *         "shadow": null
                     *       },
                     *       "created_at": 1767225600,
                     *       "updated_at": 1767225600
                     *     }
                     */
                    "application/json": components["schemas"]["Task"];
                };
            };
            /** @description The task was created. */
            201: {
                headers: {
                    /** @description Path of the task. */
                    location: string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "task",
                     *       "name": "sentiment",
                     *       "description": "Sentiment of film reviews",
                     *       "template": "Review: {text}\nSentiment:",
                     *       "labels": [
                     *         " positive",
                     *         " negative"
                     *       ],
                     *       "defaults": {
                     *         "max_tokens": 4,
                     *         "temperature": 0
                     *       },
                     *       "active_version": null,
                     *       "serving": null,
                     *       "created_at": 1767225600,
                     *       "updated_at": 1767225600
                     *     }
                     */
                    "application/json": components["schemas"]["Task"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    deleteTask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the task. */
                task: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The task is gone. */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    listTasks: {
        parameters: {
            query?: {
                /** @description Largest number of items. A page ends earlier when its items are long: at 1,048,576 characters together. `next` says whether there are more. */
                limit?: number;
                /** @description `next` of the page before. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of tasks. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "list",
                     *       "data": [
                     *         {
                     *           "object": "task",
                     *           "name": "sentiment",
                     *           "description": "Sentiment of film reviews",
                     *           "template": "Review: {text}\nSentiment:",
                     *           "labels": [
                     *             " positive",
                     *             " negative"
                     *           ],
                     *           "defaults": {
                     *             "max_tokens": 4,
                     *             "temperature": 0
                     *           },
                     *           "active_version": 1,
                     *           "serving": {
                     *             "type": "version",
                     *             "version": 1,
                     *             "shadow": null
                     *           },
                     *           "created_at": 1767225600,
                     *           "updated_at": 1767225600
                     *         }
                     *       ],
                     *       "has_more": false,
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["TaskList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    listPrompts: {
        parameters: {
            query?: {
                /** @description Largest number of items. A page ends earlier when its items are long: at 1,048,576 characters together. `next` says whether there are more. */
                limit?: number;
                /** @description `next` of the page before: a version. */
                after?: string;
            };
            header?: never;
            path: {
                /** @description Name of the task. */
                task: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of versions. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "list",
                     *       "data": [
                     *         {
                     *           "object": "prompt",
                     *           "task": "sentiment",
                     *           "version": 1,
                     *           "sha256": "3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7",
                     *           "peft_type": "PROMPT_TUNING",
                     *           "task_type": "CAUSAL_LM",
                     *           "num_virtual_tokens": 20,
                     *           "token_dim": 576,
                     *           "num_labels": null,
                     *           "active": true,
                     *           "bytes": 46184,
                     *           "model_hash": "9b0f3d1c",
                     *           "created_at": 1767225600
                     *         }
                     *       ],
                     *       "has_more": false,
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["PromptList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    createPrompt: {
        parameters: {
            query?: {
                /** @description false keeps the version that serves now. */
                activate?: boolean;
                /** @description Which prompt of a MULTITASK_PROMPT_TUNING adapter, counted from 0; it is stored as PROMPT_TUNING. */
                task_id?: number;
            };
            header?: {
                /** @description Names this request, so that it can be sent again: for 24 hours the same request with the same key gets the first answer and creates nothing. A UUID is a good key. */
                "idempotency-key"?: string;
            };
            path: {
                /** @description Name of the task. */
                task: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "adapter_config": "adapter_config.json",
                 *       "adapter_model": "adapter_model.safetensors"
                 *     }
                 */
                "multipart/form-data": components["schemas"]["PromptUpload"];
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description The content is already there. */
            200: {
                headers: {
                    /** @description SHA-256 of the content, quoted. */
                    etag: string;
                    /** @description `true` when this is the answer to an earlier request with the same Idempotency-Key. */
                    "idempotency-replayed"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "prompt",
                     *       "task": "sentiment",
                     *       "version": 1,
                     *       "sha256": "3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7",
                     *       "peft_type": "PROMPT_TUNING",
                     *       "task_type": "CAUSAL_LM",
                     *       "num_virtual_tokens": 20,
                     *       "token_dim": 576,
                     *       "num_labels": null,
                     *       "active": true,
                     *       "bytes": 46184,
                     *       "model_hash": "9b0f3d1c",
                     *       "created_at": 1767225600,
                     *       "warnings": []
                     *     }
                     */
                    "application/json": components["schemas"]["UploadedPrompt"];
                };
            };
            /** @description The version was created. */
            201: {
                headers: {
                    /** @description SHA-256 of the content, quoted. */
                    etag: string;
                    /** @description `true` when this is the answer to an earlier request with the same Idempotency-Key. */
                    "idempotency-replayed"?: string;
                    /** @description Path of the version. */
                    location: string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "prompt",
                     *       "task": "sentiment",
                     *       "version": 1,
                     *       "sha256": "3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7",
                     *       "peft_type": "PROMPT_TUNING",
                     *       "task_type": "CAUSAL_LM",
                     *       "num_virtual_tokens": 20,
                     *       "token_dim": 576,
                     *       "num_labels": null,
                     *       "active": true,
                     *       "bytes": 46184,
                     *       "model_hash": "9b0f3d1c",
                     *       "created_at": 1767225600,
                     *       "warnings": []
                     *     }
                     */
                    "application/json": components["schemas"]["UploadedPrompt"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    getPrompt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the task. */
                task: string;
                /** @description Number of the version within the task. */
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version. */
            200: {
                headers: {
                    /** @description SHA-256 of the content, quoted. */
                    etag: string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "prompt",
                     *       "task": "sentiment",
                     *       "version": 1,
                     *       "sha256": "3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7",
                     *       "peft_type": "PROMPT_TUNING",
                     *       "task_type": "CAUSAL_LM",
                     *       "num_virtual_tokens": 20,
                     *       "token_dim": 576,
                     *       "num_labels": null,
                     *       "active": true,
                     *       "bytes": 46184,
                     *       "model_hash": "9b0f3d1c",
                     *       "created_at": 1767225600
                     *     }
                     */
                    "application/json": components["schemas"]["Prompt"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    deletePrompt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the task. */
                task: string;
                /** @description Number of the version within the task. */
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version is gone. */
            204: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    activatePrompt: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETag of the version that must be active now. */
                "if-match"?: string;
            };
            path: {
                /** @description Name of the task. */
                task: string;
                /** @description Number of the version within the task. */
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version is active. */
            200: {
                headers: {
                    /** @description SHA-256 of the content, quoted. */
                    etag: string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "prompt",
                     *       "task": "sentiment",
                     *       "version": 1,
                     *       "sha256": "3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7",
                     *       "peft_type": "PROMPT_TUNING",
                     *       "task_type": "CAUSAL_LM",
                     *       "num_virtual_tokens": 20,
                     *       "token_dim": 576,
                     *       "num_labels": null,
                     *       "active": true,
                     *       "bytes": 46184,
                     *       "model_hash": "9b0f3d1c",
                     *       "created_at": 1767225600
                     *     }
                     */
                    "application/json": components["schemas"]["Prompt"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    getServing: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the task. */
                task: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the task serves with. */
            200: {
                headers: {
                    /** @description Changes with the plan. */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "serving",
                     *       "task": "sentiment",
                     *       "plan": {
                     *         "type": "split",
                     *         "shares": [
                     *           {
                     *             "version": 1,
                     *             "weight": 0.9
                     *           },
                     *           {
                     *             "version": 2,
                     *             "weight": 0.1
                     *           }
                     *         ],
                     *         "shadow": 3
                     *       },
                     *       "previous": {
                     *         "type": "version",
                     *         "version": 1,
                     *         "shadow": null
                     *       },
                     *       "versions": [
                     *         {
                     *           "version": 1,
                     *           "requests": 905,
                     *           "errors": 0,
                     *           "output_tokens": 3620,
                     *           "mean_seconds": 0.031
                     *         },
                     *         {
                     *           "version": 2,
                     *           "requests": 95,
                     *           "errors": 0,
                     *           "output_tokens": 380,
                     *           "mean_seconds": 0.03
                     *         }
                     *       ],
                     *       "shadow": {
                     *         "version": 3,
                     *         "same": 951,
                     *         "different": 49,
                     *         "failed": 0,
                     *         "skipped": 0
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Serving"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    putServing: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETag of the plan that the task must serve with now. */
                "if-match"?: string;
            };
            path: {
                /** @description Name of the task. */
                task: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "type": "split",
                 *       "shares": [
                 *         {
                 *           "version": 1,
                 *           "weight": 0.9
                 *         },
                 *         {
                 *           "version": 2,
                 *           "weight": 0.1
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["ServingPlanRequest"];
            };
        };
        responses: {
            /** @description What the task serves with. */
            200: {
                headers: {
                    /** @description Changes with the plan. */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "serving",
                     *       "task": "sentiment",
                     *       "plan": {
                     *         "type": "split",
                     *         "shares": [
                     *           {
                     *             "version": 1,
                     *             "weight": 0.9
                     *           },
                     *           {
                     *             "version": 2,
                     *             "weight": 0.1
                     *           }
                     *         ],
                     *         "shadow": 3
                     *       },
                     *       "previous": {
                     *         "type": "version",
                     *         "version": 1,
                     *         "shadow": null
                     *       },
                     *       "versions": [
                     *         {
                     *           "version": 1,
                     *           "requests": 905,
                     *           "errors": 0,
                     *           "output_tokens": 3620,
                     *           "mean_seconds": 0.031
                     *         },
                     *         {
                     *           "version": 2,
                     *           "requests": 95,
                     *           "errors": 0,
                     *           "output_tokens": 380,
                     *           "mean_seconds": 0.03
                     *         }
                     *       ],
                     *       "shadow": {
                     *         "version": 3,
                     *         "same": 951,
                     *         "different": 49,
                     *         "failed": 0,
                     *         "skipped": 0
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Serving"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    promote: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETag of the plan that the task must serve with now. */
                "if-match"?: string;
            };
            path: {
                /** @description Name of the task. */
                task: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "version": 2
                 *     }
                 */
                "application/json": components["schemas"]["PromoteRequest"];
            };
        };
        responses: {
            /** @description The version serves alone. */
            200: {
                headers: {
                    /** @description Changes with the plan. */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "serving",
                     *       "task": "sentiment",
                     *       "plan": {
                     *         "type": "version",
                     *         "version": 2,
                     *         "shadow": null
                     *       },
                     *       "previous": {
                     *         "type": "split",
                     *         "shares": [
                     *           {
                     *             "version": 1,
                     *             "weight": 0.9
                     *           },
                     *           {
                     *             "version": 2,
                     *             "weight": 0.1
                     *           }
                     *         ],
                     *         "shadow": 3
                     *       },
                     *       "versions": [
                     *         {
                     *           "version": 2,
                     *           "requests": 95,
                     *           "errors": 0,
                     *           "output_tokens": 380,
                     *           "mean_seconds": 0.03
                     *         }
                     *       ],
                     *       "shadow": null
                     *     }
                     */
                    "application/json": components["schemas"]["Serving"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    rollBack: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETag of the plan that the task must serve with now. */
                "if-match"?: string;
            };
            path: {
                /** @description Name of the task. */
                task: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the task serves with. */
            200: {
                headers: {
                    /** @description Changes with the plan. */
                    etag?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "serving",
                     *       "task": "sentiment",
                     *       "plan": {
                     *         "type": "split",
                     *         "shares": [
                     *           {
                     *             "version": 1,
                     *             "weight": 0.9
                     *           },
                     *           {
                     *             "version": 2,
                     *             "weight": 0.1
                     *           }
                     *         ],
                     *         "shadow": 3
                     *       },
                     *       "previous": {
                     *         "type": "version",
                     *         "version": 1,
                     *         "shadow": null
                     *       },
                     *       "versions": [
                     *         {
                     *           "version": 1,
                     *           "requests": 905,
                     *           "errors": 0,
                     *           "output_tokens": 3620,
                     *           "mean_seconds": 0.031
                     *         },
                     *         {
                     *           "version": 2,
                     *           "requests": 95,
                     *           "errors": 0,
                     *           "output_tokens": 380,
                     *           "mean_seconds": 0.03
                     *         }
                     *       ],
                     *       "shadow": {
                     *         "version": 3,
                     *         "same": 951,
                     *         "different": 49,
                     *         "failed": 0,
                     *         "skipped": 0
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Serving"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    getAdapterConfig: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETags of copies that the client holds. */
                "if-none-match"?: string;
            };
            path: {
                /** @description Name of the task. */
                task: string;
                /** @description Number of the version within the task. */
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The configuration, keys sorted. */
            200: {
                headers: {
                    /** @description SHA-256 of the content, quoted. */
                    etag: string;
                    /** @description `no-cache`: ask again, with the ETag. */
                    "cache-control": string;
                    /** @description The name under which PEFT looks for the file. */
                    "content-disposition": string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "base_model_name_or_path": "HuggingFaceTB/SmolLM2-135M-Instruct",
                     *       "inference_mode": true,
                     *       "num_attention_heads": 9,
                     *       "num_layers": 30,
                     *       "num_transformer_submodules": 1,
                     *       "num_virtual_tokens": 20,
                     *       "peft_type": "PROMPT_TUNING",
                     *       "task_type": "CAUSAL_LM",
                     *       "token_dim": 576
                     *     }
                     */
                    "application/json": components["schemas"]["AdapterConfig"];
                };
            };
            /** @description The client holds this content already. */
            304: {
                headers: {
                    /** @description SHA-256 of the content, quoted. */
                    etag: string;
                    /** @description `no-cache`: ask again, with the ETag. */
                    "cache-control": string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    getAdapterModel: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETags of copies that the client holds. */
                "if-none-match"?: string;
            };
            path: {
                /** @description Name of the task. */
                task: string;
                /** @description Number of the version within the task. */
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The safetensors file. */
            200: {
                headers: {
                    /** @description SHA-256 of the content, quoted. */
                    etag: string;
                    /** @description `no-cache`: ask again, with the ETag. */
                    "cache-control": string;
                    /** @description The name under which PEFT looks for the file. */
                    "content-disposition": string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description The client holds this content already. */
            304: {
                headers: {
                    /** @description SHA-256 of the content, quoted. */
                    etag: string;
                    /** @description `no-cache`: ask again, with the ETag. */
                    "cache-control": string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    createDomainShift: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the task. */
                task: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "data_sets": [
                 *         {
                 *           "name": "films",
                 *           "rows": [
                 *             {
                 *               "text": "The film was a delight.",
                 *               "label": "positive"
                 *             }
                 *           ]
                 *         },
                 *         {
                 *           "name": "hotels",
                 *           "rows": [
                 *             {
                 *               "text": "The room was cold.",
                 *               "label": "negative"
                 *             }
                 *           ]
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["DomainShiftRequest"];
            };
        };
        responses: {
            /** @description The scores on each data set. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "domain_shift",
                     *       "task": "sentiment",
                     *       "version": 1,
                     *       "kind": "classification",
                     *       "labels": [
                     *         " positive",
                     *         " negative"
                     *       ],
                     *       "data_sets": [
                     *         {
                     *           "name": "films",
                     *           "rows": 500,
                     *           "n": 500,
                     *           "too_long": {
                     *             "count": 0,
                     *             "rows": []
                     *           },
                     *           "loss": 0.21,
                     *           "seconds": 4.2,
                     *           "macro_f1": 0.9,
                     *           "cross_entropy": 0.2,
                     *           "accuracy": 0.9,
                     *           "interval": [
                     *             0.872,
                     *             0.926
                     *           ]
                     *         },
                     *         {
                     *           "name": "hotels",
                     *           "rows": 500,
                     *           "n": 500,
                     *           "too_long": {
                     *             "count": 0,
                     *             "rows": []
                     *           },
                     *           "loss": 0.21,
                     *           "seconds": 4.2,
                     *           "macro_f1": 0.9,
                     *           "cross_entropy": 0.2,
                     *           "accuracy": 0.84,
                     *           "interval": [
                     *             0.808,
                     *             0.872
                     *           ],
                     *           "drop": {
                     *             "value": 0.06,
                     *             "measure": "accuracy",
                     *             "interval": [
                     *               0.02,
                     *               0.102
                     *             ],
                     *             "confidence": 0.95,
                     *             "p_value": 0.005,
                     *             "resamples": 2000
                     *           }
                     *         }
                     *       ],
                     *       "usage": {
                     *         "prompt_tokens": 9,
                     *         "completion_tokens": 1,
                     *         "total_tokens": 10,
                     *         "prompt_tokens_details": {
                     *           "virtual_tokens": 20
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["DomainShift"];
                    /**
                     * @example data: {"object":"domain_shift.progress","data_set":"films","done":64,"total":1000}
                     *
                     *     data: {"object":"domain_shift","task":"sentiment","version":1,"kind":"classification","labels":[" positive"," negative"],"data_sets":[{"name":"films","rows":500,"n":500,"too_long":{"count":0,"rows":[]},"loss":0.21,"seconds":4.2,"macro_f1":0.9,"cross_entropy":0.2,"accuracy":0.9,"interval":[0.872,0.926]},{"name":"hotels","rows":500,"n":500,"too_long":{"count":0,"rows":[]},"loss":0.21,"seconds":4.2,"macro_f1":0.9,"cross_entropy":0.2,"accuracy":0.84,"interval":[0.808,0.872],"drop":{"value":0.06,"measure":"accuracy","interval":[0.02,0.102],"confidence":0.95,"p_value":0.005,"resamples":2000}}],"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10,"prompt_tokens_details":{"virtual_tokens":20}}}
                     *
                     *     data: [DONE]
                     */
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    createEvaluation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the task. */
                task: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "rows": [
                 *         {
                 *           "text": "The film was a delight.",
                 *           "label": "positive"
                 *         },
                 *         {
                 *           "text": "A waste of an evening.",
                 *           "label": "negative"
                 *         }
                 *       ],
                 *       "baselines": [
                 *         "zero_shot"
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["EvaluationRequest"];
                /**
                 * @example {
                 *       "file": "text,label\nThe film was a delight.,positive\n",
                 *       "baselines": [
                 *         "zero_shot"
                 *       ]
                 *     }
                 */
                "multipart/form-data": components["schemas"]["EvaluationForm"];
            };
        };
        responses: {
            /** @description The scores of each version and baseline. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "evaluation",
                     *       "task": "sentiment",
                     *       "kind": "classification",
                     *       "rows": 2,
                     *       "labels": [
                     *         " positive",
                     *         " negative"
                     *       ],
                     *       "contenders": [
                     *         {
                     *           "name": "sentiment@1",
                     *           "type": "version",
                     *           "version": 1,
                     *           "versions": [
                     *             1
                     *           ],
                     *           "n": 2,
                     *           "too_long": {
                     *             "count": 0,
                     *             "rows": []
                     *           },
                     *           "loss": 0.105,
                     *           "seconds": 0.04,
                     *           "accuracy": 1,
                     *           "macro_f1": 1,
                     *           "cross_entropy": 0.102,
                     *           "classes": [
                     *             {
                     *               "label": " positive",
                     *               "precision": 1,
                     *               "recall": 1,
                     *               "f1": 1,
                     *               "support": 1,
                     *               "predicted": 1
                     *             },
                     *             {
                     *               "label": " negative",
                     *               "precision": 1,
                     *               "recall": 1,
                     *               "f1": 1,
                     *               "support": 1,
                     *               "predicted": 1
                     *             }
                     *           ],
                     *           "confusion_matrix": [
                     *             [
                     *               1,
                     *               0
                     *             ],
                     *             [
                     *               0,
                     *               1
                     *             ]
                     *           ],
                     *           "interval": [
                     *             1,
                     *             1
                     *           ]
                     *         },
                     *         {
                     *           "name": "zero_shot",
                     *           "type": "zero_shot",
                     *           "version": null,
                     *           "versions": [],
                     *           "n": 2,
                     *           "too_long": {
                     *             "count": 0,
                     *             "rows": []
                     *           },
                     *           "loss": 0.9,
                     *           "seconds": 0.04,
                     *           "accuracy": 0.5,
                     *           "macro_f1": 0.3333333333333333,
                     *           "cross_entropy": 0.7,
                     *           "interval": [
                     *             0,
                     *             1
                     *           ]
                     *         }
                     *       ],
                     *       "significance": {
                     *         "comparisons": [
                     *           {
                     *             "name": "zero_shot",
                     *             "reference": "sentiment@1",
                     *             "rows": 2,
                     *             "difference": -0.5,
                     *             "measure": "accuracy",
                     *             "interval": [
                     *               -1,
                     *               0
                     *             ],
                     *             "confidence": 0.95,
                     *             "p_value": 0.51,
                     *             "resamples": 2000
                     *           }
                     *         ]
                     *       },
                     *       "usage": {
                     *         "prompt_tokens": 9,
                     *         "completion_tokens": 1,
                     *         "total_tokens": 10,
                     *         "prompt_tokens_details": {
                     *           "virtual_tokens": 20
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Evaluation"];
                    /**
                     * @example data: {"object":"evaluation.progress","contender":"sentiment@1","done":1,"total":2}
                     *
                     *     data: {"object":"evaluation","task":"sentiment","kind":"classification","rows":2,"labels":[" positive"," negative"],"contenders":[{"name":"sentiment@1","type":"version","version":1,"versions":[1],"n":2,"too_long":{"count":0,"rows":[]},"loss":0.105,"seconds":0.04,"accuracy":1,"macro_f1":1,"cross_entropy":0.102,"classes":[{"label":" positive","precision":1,"recall":1,"f1":1,"support":1,"predicted":1},{"label":" negative","precision":1,"recall":1,"f1":1,"support":1,"predicted":1}],"confusion_matrix":[[1,0],[0,1]],"interval":[1,1]},{"name":"zero_shot","type":"zero_shot","version":null,"versions":[],"n":2,"too_long":{"count":0,"rows":[]},"loss":0.9,"seconds":0.04,"accuracy":0.5,"macro_f1":0.3333333333333333,"cross_entropy":0.7,"interval":[0,1]}],"significance":{"comparisons":[{"name":"zero_shot","reference":"sentiment@1","rows":2,"difference":-0.5,"measure":"accuracy","interval":[-1,0],"confidence":0.95,"p_value":0.51,"resamples":2000}]},"usage":{"prompt_tokens":9,"completion_tokens":1,"total_tokens":10,"prompt_tokens_details":{"virtual_tokens":20}}}
                     *
                     *     data: [DONE]
                     */
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    listNeighbors: {
        parameters: {
            query?: {
                /** @description Neighbours of each virtual token. */
                k?: number;
            };
            header?: never;
            path: {
                /** @description Name of the task. */
                task: string;
                /** @description Number of the version within the task. */
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The neighbours of each virtual token. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "prompt.neighbors",
                     *       "task": "sentiment",
                     *       "version": 1,
                     *       "k": 2,
                     *       "metric": "cosine",
                     *       "median_embedding_norm": 3.1,
                     *       "caution": "The nearest tokens need not say what a prompt does: learned rows are no words, and a prompt can do its task while its nearest tokens read as something else. See Lester et al. 2021, section 7, and Khashabi et al. 2022, \"Prompt Waywardness\".",
                     *       "virtual_tokens": [
                     *         {
                     *           "index": 0,
                     *           "norm": 4.65,
                     *           "norm_ratio": 1.5,
                     *           "neighbors": [
                     *             {
                     *               "id": 6428,
                     *               "token": "Ġmovie",
                     *               "cosine": 0.31
                     *             },
                     *             {
                     *               "id": 3566,
                     *               "token": "Ġfilm",
                     *               "cosine": 0.27
                     *             }
                     *           ]
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["PromptNeighbors"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            414: components["responses"]["UriTooLong"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    comparePrompts: {
        parameters: {
            query: {
                /** @description 2 to 50 different prompts with commas between them: `task@version`, or `task` for its active version. */
                ids: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Two symmetric matrices. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "prompt.similarity",
                     *       "ids": [
                     *         "sentiment@1",
                     *         "spam@1"
                     *       ],
                     *       "mean": [
                     *         [
                     *           1,
                     *           0.62
                     *         ],
                     *         [
                     *           0.62,
                     *           1
                     *         ]
                     *       ],
                     *       "pairs": [
                     *         [
                     *           0.21,
                     *           0.12
                     *         ],
                     *         [
                     *           0.12,
                     *           0.18
                     *         ]
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["PromptSimilarity"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    listTransferCandidates: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "target": "sentiment@1",
                 *       "limit": 3
                 *     }
                 */
                "application/json": components["schemas"]["TransferRequest"];
            };
        };
        responses: {
            /** @description The candidates. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "list",
                     *       "target": "sentiment@1",
                     *       "measure": "mean",
                     *       "data": [
                     *         {
                     *           "id": "spam@1",
                     *           "task": "spam",
                     *           "version": 1,
                     *           "mean": 0.62,
                     *           "pairs": 0.12
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["TransferCandidates"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    listFiles: {
        parameters: {
            query?: {
                /** @description Largest number of items. A page ends earlier when its items are long: at 1,048,576 characters together. `next` says whether there are more. */
                limit?: number;
                /** @description `next` of the page before. */
                after?: string;
                /** @description The one that there is. */
                purpose?: "fine-tune";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of files. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "list",
                     *       "data": [
                     *         {
                     *           "id": "file-0b5f8f6c1c1d4a2e9f3a7b60",
                     *           "object": "file",
                     *           "bytes": 18230,
                     *           "created_at": 1767225600,
                     *           "filename": "reviews.jsonl",
                     *           "purpose": "fine-tune",
                     *           "status": "processed",
                     *           "sha256": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
                     *           "format": "jsonl",
                     *           "kind": "classification",
                     *           "rows": 200,
                     *           "labels": [
                     *             "negative",
                     *             "positive"
                     *           ]
                     *         }
                     *       ],
                     *       "has_more": false,
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["FileList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    createFile: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request, so that it can be sent again: for 24 hours the same request with the same key gets the first answer and creates nothing. A UUID is a good key. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "purpose": "fine-tune",
                 *       "file": "{\"text\":\"The film was a delight.\",\"label\":\"positive\"}\n"
                 *     }
                 */
                "multipart/form-data": components["schemas"]["FileUpload"];
            };
        };
        responses: {
            /** @description The file is stored. */
            200: {
                headers: {
                    /** @description `true` when this is the answer to an earlier request with the same Idempotency-Key. */
                    "idempotency-replayed"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "file-0b5f8f6c1c1d4a2e9f3a7b60",
                     *       "object": "file",
                     *       "bytes": 18230,
                     *       "created_at": 1767225600,
                     *       "filename": "reviews.jsonl",
                     *       "purpose": "fine-tune",
                     *       "status": "processed",
                     *       "sha256": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
                     *       "format": "jsonl",
                     *       "kind": "classification",
                     *       "rows": 200,
                     *       "labels": [
                     *         "negative",
                     *         "positive"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["File"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    getFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the file. */
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "file-0b5f8f6c1c1d4a2e9f3a7b60",
                     *       "object": "file",
                     *       "bytes": 18230,
                     *       "created_at": 1767225600,
                     *       "filename": "reviews.jsonl",
                     *       "purpose": "fine-tune",
                     *       "status": "processed",
                     *       "sha256": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
                     *       "format": "jsonl",
                     *       "kind": "classification",
                     *       "rows": 200,
                     *       "labels": [
                     *         "negative",
                     *         "positive"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["File"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    deleteFile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the file. */
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file is gone. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "file-0b5f8f6c1c1d4a2e9f3a7b60",
                     *       "object": "file",
                     *       "deleted": true
                     *     }
                     */
                    "application/json": components["schemas"]["FileDeleted"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    getFileContent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the file. */
                file: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The content. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    listFineTuningJobs: {
        parameters: {
            query?: {
                /** @description Largest number of items. A page ends earlier when its items are long: at 1,048,576 characters together. `next` says whether there are more. */
                limit?: number;
                /** @description `next` of the page before. */
                after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of jobs. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "list",
                     *       "data": [
                     *         {
                     *           "id": "ftjob-5e2f0c7a9b1d4c3e8f6a2b10",
                     *           "object": "fine_tuning.job",
                     *           "created_at": 1767225600,
                     *           "started_at": 1767225602,
                     *           "finished_at": null,
                     *           "status": "running",
                     *           "model": "smollm2-135m-instruct",
                     *           "suffix": "sentiment",
                     *           "fine_tuned_model": null,
                     *           "active": null,
                     *           "organization_id": "softprompt",
                     *           "result_files": [],
                     *           "seed": 7,
                     *           "training_file": "file-0b5f8f6c1c1d4a2e9f3a7b60",
                     *           "validation_file": null,
                     *           "hyperparameters": {
                     *             "n_epochs": 4,
                     *             "batch_size": 16,
                     *             "learning_rate": 0.006
                     *           },
                     *           "method": {
                     *             "type": "prompt_tuning",
                     *             "prompt_tuning": {
                     *               "config": {
                     *                 "num_virtual_tokens": 20
                     *               },
                     *               "hyperparameters": {
                     *                 "n_epochs": 4,
                     *                 "learning_rate": "auto"
                     *               }
                     *             }
                     *           },
                     *           "trained_tokens": null,
                     *           "score": null,
                     *           "incumbent_score": null,
                     *           "other_results": [],
                     *           "error": null,
                     *           "metadata": null
                     *         }
                     *       ],
                     *       "has_more": false,
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["FineTuningJobList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    createFineTuningJob: {
        parameters: {
            query?: never;
            header?: {
                /** @description Names this request, so that it can be sent again: for 24 hours the same request with the same key gets the first answer and creates nothing. A UUID is a good key. */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "model": "smollm2-135m-instruct",
                 *       "training_file": "file-0b5f8f6c1c1d4a2e9f3a7b60",
                 *       "suffix": "sentiment",
                 *       "method": {
                 *         "type": "prompt_tuning",
                 *         "prompt_tuning": {
                 *           "config": {
                 *             "num_virtual_tokens": 20
                 *           },
                 *           "hyperparameters": {
                 *             "n_epochs": 4,
                 *             "learning_rate": "auto"
                 *           }
                 *         }
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["FineTuningJobRequest"];
            };
        };
        responses: {
            /** @description The job waits for its turn. */
            200: {
                headers: {
                    /** @description `true` when this is the answer to an earlier request with the same Idempotency-Key. */
                    "idempotency-replayed"?: string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "ftjob-5e2f0c7a9b1d4c3e8f6a2b10",
                     *       "object": "fine_tuning.job",
                     *       "created_at": 1767225600,
                     *       "started_at": 1767225602,
                     *       "finished_at": null,
                     *       "status": "running",
                     *       "model": "smollm2-135m-instruct",
                     *       "suffix": "sentiment",
                     *       "fine_tuned_model": null,
                     *       "active": null,
                     *       "organization_id": "softprompt",
                     *       "result_files": [],
                     *       "seed": 7,
                     *       "training_file": "file-0b5f8f6c1c1d4a2e9f3a7b60",
                     *       "validation_file": null,
                     *       "hyperparameters": {
                     *         "n_epochs": 4,
                     *         "batch_size": 16,
                     *         "learning_rate": 0.006
                     *       },
                     *       "method": {
                     *         "type": "prompt_tuning",
                     *         "prompt_tuning": {
                     *           "config": {
                     *             "num_virtual_tokens": 20
                     *           },
                     *           "hyperparameters": {
                     *             "n_epochs": 4,
                     *             "learning_rate": "auto"
                     *           }
                     *         }
                     *       },
                     *       "trained_tokens": null,
                     *       "score": null,
                     *       "incumbent_score": null,
                     *       "other_results": [],
                     *       "error": null,
                     *       "metadata": null
                     *     }
                     */
                    "application/json": components["schemas"]["FineTuningJob"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableContent"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    getFineTuningJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the job. */
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "ftjob-5e2f0c7a9b1d4c3e8f6a2b10",
                     *       "object": "fine_tuning.job",
                     *       "created_at": 1767225600,
                     *       "started_at": 1767225602,
                     *       "finished_at": null,
                     *       "status": "running",
                     *       "model": "smollm2-135m-instruct",
                     *       "suffix": "sentiment",
                     *       "fine_tuned_model": null,
                     *       "active": null,
                     *       "organization_id": "softprompt",
                     *       "result_files": [],
                     *       "seed": 7,
                     *       "training_file": "file-0b5f8f6c1c1d4a2e9f3a7b60",
                     *       "validation_file": null,
                     *       "hyperparameters": {
                     *         "n_epochs": 4,
                     *         "batch_size": 16,
                     *         "learning_rate": 0.006
                     *       },
                     *       "method": {
                     *         "type": "prompt_tuning",
                     *         "prompt_tuning": {
                     *           "config": {
                     *             "num_virtual_tokens": 20
                     *           },
                     *           "hyperparameters": {
                     *             "n_epochs": 4,
                     *             "learning_rate": "auto"
                     *           }
                     *         }
                     *       },
                     *       "trained_tokens": null,
                     *       "score": null,
                     *       "incumbent_score": null,
                     *       "other_results": [],
                     *       "error": null,
                     *       "metadata": null
                     *     }
                     */
                    "application/json": components["schemas"]["FineTuningJob"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    cancelFineTuningJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the job. */
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job in its new state. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "ftjob-5e2f0c7a9b1d4c3e8f6a2b10",
                     *       "object": "fine_tuning.job",
                     *       "created_at": 1767225600,
                     *       "started_at": 1767225602,
                     *       "finished_at": null,
                     *       "status": "cancelled",
                     *       "model": "smollm2-135m-instruct",
                     *       "suffix": "sentiment",
                     *       "fine_tuned_model": null,
                     *       "active": null,
                     *       "organization_id": "softprompt",
                     *       "result_files": [],
                     *       "seed": 7,
                     *       "training_file": "file-0b5f8f6c1c1d4a2e9f3a7b60",
                     *       "validation_file": null,
                     *       "hyperparameters": {
                     *         "n_epochs": 4,
                     *         "batch_size": 16,
                     *         "learning_rate": 0.006
                     *       },
                     *       "method": {
                     *         "type": "prompt_tuning",
                     *         "prompt_tuning": {
                     *           "config": {
                     *             "num_virtual_tokens": 20
                     *           },
                     *           "hyperparameters": {
                     *             "n_epochs": 4,
                     *             "learning_rate": "auto"
                     *           }
                     *         }
                     *       },
                     *       "trained_tokens": null,
                     *       "score": null,
                     *       "incumbent_score": null,
                     *       "other_results": [],
                     *       "error": null,
                     *       "metadata": null
                     *     }
                     */
                    "application/json": components["schemas"]["FineTuningJob"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    pauseFineTuningJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the job. */
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job in its new state. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "ftjob-5e2f0c7a9b1d4c3e8f6a2b10",
                     *       "object": "fine_tuning.job",
                     *       "created_at": 1767225600,
                     *       "started_at": 1767225602,
                     *       "finished_at": null,
                     *       "status": "paused",
                     *       "model": "smollm2-135m-instruct",
                     *       "suffix": "sentiment",
                     *       "fine_tuned_model": null,
                     *       "active": null,
                     *       "organization_id": "softprompt",
                     *       "result_files": [],
                     *       "seed": 7,
                     *       "training_file": "file-0b5f8f6c1c1d4a2e9f3a7b60",
                     *       "validation_file": null,
                     *       "hyperparameters": {
                     *         "n_epochs": 4,
                     *         "batch_size": 16,
                     *         "learning_rate": 0.006
                     *       },
                     *       "method": {
                     *         "type": "prompt_tuning",
                     *         "prompt_tuning": {
                     *           "config": {
                     *             "num_virtual_tokens": 20
                     *           },
                     *           "hyperparameters": {
                     *             "n_epochs": 4,
                     *             "learning_rate": "auto"
                     *           }
                     *         }
                     *       },
                     *       "trained_tokens": null,
                     *       "score": null,
                     *       "incumbent_score": null,
                     *       "other_results": [],
                     *       "error": null,
                     *       "metadata": null
                     *     }
                     */
                    "application/json": components["schemas"]["FineTuningJob"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    resumeFineTuningJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the job. */
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job in its new state. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "ftjob-5e2f0c7a9b1d4c3e8f6a2b10",
                     *       "object": "fine_tuning.job",
                     *       "created_at": 1767225600,
                     *       "started_at": 1767225602,
                     *       "finished_at": null,
                     *       "status": "queued",
                     *       "model": "smollm2-135m-instruct",
                     *       "suffix": "sentiment",
                     *       "fine_tuned_model": null,
                     *       "active": null,
                     *       "organization_id": "softprompt",
                     *       "result_files": [],
                     *       "seed": 7,
                     *       "training_file": "file-0b5f8f6c1c1d4a2e9f3a7b60",
                     *       "validation_file": null,
                     *       "hyperparameters": {
                     *         "n_epochs": 4,
                     *         "batch_size": 16,
                     *         "learning_rate": 0.006
                     *       },
                     *       "method": {
                     *         "type": "prompt_tuning",
                     *         "prompt_tuning": {
                     *           "config": {
                     *             "num_virtual_tokens": 20
                     *           },
                     *           "hyperparameters": {
                     *             "n_epochs": 4,
                     *             "learning_rate": "auto"
                     *           }
                     *         }
                     *       },
                     *       "trained_tokens": null,
                     *       "score": null,
                     *       "incumbent_score": null,
                     *       "other_results": [],
                     *       "error": null,
                     *       "metadata": null
                     *     }
                     */
                    "application/json": components["schemas"]["FineTuningJob"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["ContentTooLarge"];
            414: components["responses"]["UriTooLong"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    listFineTuningEvents: {
        parameters: {
            query?: {
                /** @description Largest number of items. A page ends earlier when its items are long: at 1,048,576 characters together. `next` says whether there are more. */
                limit?: number;
                /** @description `next` of the page before. */
                after?: string;
                /** @description Answer with server-sent events. */
                stream?: boolean;
            };
            header?: never;
            path: {
                /** @description Id of the job. */
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of events. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "list",
                     *       "data": [
                     *         {
                     *           "id": "ftevent-42",
                     *           "object": "fine_tuning.job.event",
                     *           "created_at": 1767225630,
                     *           "level": "info",
                     *           "type": "metrics",
                     *           "message": "Step 30/400: training loss=0.4127",
                     *           "data": {
                     *             "step": 30,
                     *             "total_steps": 400,
                     *             "train_loss": 0.4127,
                     *             "learning_rate": 0.006,
                     *             "tokens_per_second": 480
                     *           }
                     *         }
                     *       ],
                     *       "has_more": false,
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["FineTuningJobEventList"];
                    /**
                     * @example data: {"id":"ftevent-42","object":"fine_tuning.job.event","created_at":1767225630,"level":"info","type":"metrics","message":"Step 30/400: training loss=0.4127","data":{"step":30,"total_steps":400,"train_loss":0.4127,"learning_rate":0.006,"tokens_per_second":480}}
                     *
                     *     data: [DONE]
                     */
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    listFineTuningCheckpoints: {
        parameters: {
            query?: {
                /** @description Largest number of items. A page ends earlier when its items are long: at 1,048,576 characters together. `next` says whether there are more. */
                limit?: number;
                /** @description `next` of the page before. */
                after?: string;
            };
            header?: never;
            path: {
                /** @description Id of the job. */
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of checkpoints. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "list",
                     *       "data": [
                     *         {
                     *           "id": "ftckpt-5e2f0c7a9b1d4c3e8f6a2b10-40",
                     *           "object": "fine_tuning.job.checkpoint",
                     *           "created_at": 1767225640,
                     *           "fine_tuning_job_id": "ftjob-5e2f0c7a9b1d4c3e8f6a2b10",
                     *           "fine_tuned_model_checkpoint": "sentiment",
                     *           "step_number": 40,
                     *           "metrics": {
                     *             "step": 40,
                     *             "train_loss": 0.3921,
                     *             "full_valid_loss": 0.4012,
                     *             "full_valid_accuracy": 0.85
                     *           }
                     *         }
                     *       ],
                     *       "has_more": false,
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["FineTuningJobCheckpointList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    getJobAdapterConfig: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETags of copies that the client holds. */
                "if-none-match"?: string;
            };
            path: {
                /** @description Id of the job. */
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file, as PEFT saves it. */
            200: {
                headers: {
                    /** @description SHA-256 of the content, quoted. */
                    etag: string;
                    /** @description `no-cache`: ask again, with the ETag. */
                    "cache-control": string;
                    /** @description The name under which PEFT looks for the file. */
                    "content-disposition": string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "base_model_name_or_path": "HuggingFaceTB/SmolLM2-135M-Instruct",
                     *       "inference_mode": true,
                     *       "num_attention_heads": 9,
                     *       "num_layers": 30,
                     *       "num_transformer_submodules": 1,
                     *       "num_virtual_tokens": 20,
                     *       "peft_type": "MULTITASK_PROMPT_TUNING",
                     *       "task_type": "CAUSAL_LM",
                     *       "token_dim": 576,
                     *       "num_tasks": 2
                     *     }
                     */
                    "application/json": components["schemas"]["AdapterConfig"];
                };
            };
            /** @description The client holds this content already. */
            304: {
                headers: {
                    /** @description SHA-256 of the content, quoted. */
                    etag: string;
                    /** @description `no-cache`: ask again, with the ETag. */
                    "cache-control": string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    getJobAdapterModel: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETags of copies that the client holds. */
                "if-none-match"?: string;
            };
            path: {
                /** @description Id of the job. */
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file, as PEFT saves it. */
            200: {
                headers: {
                    /** @description SHA-256 of the content, quoted. */
                    etag: string;
                    /** @description `no-cache`: ask again, with the ETag. */
                    "cache-control": string;
                    /** @description The name under which PEFT looks for the file. */
                    "content-disposition": string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description The client holds this content already. */
            304: {
                headers: {
                    /** @description SHA-256 of the content, quoted. */
                    etag: string;
                    /** @description `no-cache`: ask again, with the ETag. */
                    "cache-control": string;
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    listModels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The base model first, then the tasks in the order of their names. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "list",
                     *       "data": [
                     *         {
                     *           "id": "smollm2-135m-instruct",
                     *           "object": "model",
                     *           "created": 1767225600,
                     *           "owned_by": "softprompt",
                     *           "root": "smollm2-135m-instruct",
                     *           "parent": null
                     *         },
                     *         {
                     *           "id": "sentiment",
                     *           "object": "model",
                     *           "created": 1767225600,
                     *           "owned_by": "softprompt",
                     *           "root": "smollm2-135m-instruct",
                     *           "parent": "smollm2-135m-instruct"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["ModelList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    getModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A task, `task@version`, or the base model's id. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The model. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "sentiment",
                     *       "object": "model",
                     *       "created": 1767225600,
                     *       "owned_by": "softprompt",
                     *       "root": "smollm2-135m-instruct",
                     *       "parent": "smollm2-135m-instruct"
                     *     }
                     */
                    "application/json": components["schemas"]["Model"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            414: components["responses"]["UriTooLong"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    getLiveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It runs. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok"
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
            400: components["responses"]["BadRequest"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok"
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
            400: components["responses"]["BadRequest"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    getInfo: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is served. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "version": "0.1.0",
                     *       "status": "ready",
                     *       "engine": "embedded",
                     *       "model": {
                     *         "id": "smollm2-135m-instruct",
                     *         "hash": "9b0f3d1c",
                     *         "family": "llama",
                     *         "precision": "int8",
                     *         "token_dim": 576,
                     *         "num_layers": 30,
                     *         "num_attention_heads": 9,
                     *         "num_key_value_heads": 3,
                     *         "head_dim": 64,
                     *         "vocab_size": 49152,
                     *         "context_length": 8192,
                     *         "aliases": [
                     *           "HuggingFaceTB/SmolLM2-135M-Instruct"
                     *         ]
                     *       },
                     *       "device": "cpu",
                     *       "limits": {
                     *         "context_length": 8192,
                     *         "max_batch_size": 16,
                     *         "max_queue_length": 256,
                     *         "body_bytes": 4194304,
                     *         "upload_bytes": 67108864,
                     *         "concurrent_uploads": 4
                     *       },
                     *       "tasks": 3
                     *     }
                     */
                    "application/json": components["schemas"]["Info"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    listAudit: {
        parameters: {
            query?: {
                /** @description Largest number of items. A page ends earlier when its items are long: at 1,048,576 characters together. `next` says whether there are more. */
                limit?: number;
                /** @description `next` of the page before. */
                after?: string;
                /** @description Only this task. */
                task?: string;
                /** @description Unix seconds of the earliest change. */
                since?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of changes. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "object": "list",
                     *       "data": [
                     *         {
                     *           "id": 7,
                     *           "object": "audit.entry",
                     *           "created_at": 1767225600,
                     *           "action": "prompt.activate",
                     *           "key": "team-a",
                     *           "request_id": "0b5f8f6c-1c1d-4a2e-9f3a-7b60c1d2e3f4",
                     *           "task": "sentiment",
                     *           "version": 2,
                     *           "sha256": "9b0f3d1c2a4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8",
                     *           "subject": null
                     *         }
                     *       ],
                     *       "has_more": false,
                     *       "next": null
                     *     }
                     */
                    "application/json": components["schemas"]["AuditEntryList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus' text format 0.0.4. */
            200: {
                headers: {
                    "x-request-id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /** @example # HELP softprompt_tasks Tasks in the store. */
                    "text/plain": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestHeaderFieldsTooLarge"];
            500: components["responses"]["InternalServerError"];
        };
    };
}
