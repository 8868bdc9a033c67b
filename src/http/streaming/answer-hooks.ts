import type { FastifyReply } from 'fastify';
import type { AnswerHooks } from '../../domain/inference.ts';
import type { InferenceCall } from '../plugins/inference-call.ts';
import { onResponseEnd } from '../response-end.ts';

/** Notes in the call what answers it; work that follows the answer waits until the response was sent in full. */
export const answerHooks = (call: InferenceCall, reply: FastifyReply): AnswerHooks => ({
  onServed: (servedBy) => {
    call.servedBy = servedBy;
  },
  afterAnswer: (work) =>
    onResponseEnd(reply.raw, (error) => {
      if (error === null) work();
    }),
});
