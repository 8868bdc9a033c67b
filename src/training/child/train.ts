import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { promptWidth } from '../../families/training-prompt.ts';
import { type Bundle, describeModel } from '../../model/bundle.ts';
import { readFrozenWeights } from '../../model/frozen-weights.ts';
import type { Tokenizer } from '../../model/tokenizer.ts';
import { decodeCheckpoint, encodeCheckpoint } from '../checkpoint.ts';
import { keysValuesOf } from '../keys-values.ts';
import { LossModel } from '../model.ts';
import { multitask, multitaskSizes } from '../multitask.ts';
import { DIRECT } from '../parameterisation.ts';
import { runTraining, type TrainingEvent } from '../run.ts';
import { Trainer } from '../trainer.ts';
import { type Score, Validation } from '../validation.ts';
import { scoreIncumbent } from './compare.ts';
import { startingParameters } from './first.ts';
import { outcomeOf } from './outcome.ts';
import type { Parent } from './parent.ts';
import type { PreparedJob } from './prepare.ts';
import type { Assignment } from './protocol.ts';
import { Reports } from './reports.ts';

/** Trains to the end and answers the comparison, or stores a checkpoint and returns when the parent asks. */
export async function train(
  assignment: Assignment,
  job: PreparedJob,
  bundle: Bundle,
  tokenizer: Tokenizer,
  parent: Parent,
): Promise<void> {
  const { spec, threads, device } = assignment;
  const place = { threads, device };
  const { config } = bundle.manifest;
  const frozen = { config, weights: await readFrozenWeights(bundle), folder: bundle.directory };
  const { objective, form } = job.layout;
  const options = { objective, form, ...place };
  const model = await LossModel.differentiating(frozen, options);
  const evaluator = job.validation.length > 0 ? await LossModel.evaluating(frozen, options) : null;
  const sizes = multitaskSizes(spec, config.hiddenSize);
  const parameterisation = sizes === null ? DIRECT : multitask(sizes);
  const validation =
    evaluator &&
    new Validation(evaluator, job.validation, job.layout, job.run.training.batchSize, parameterisation);
  const run = runIdentity(assignment, job);
  const rowWidth = promptWidth(config, form);
  const parts = {
    model,
    examples: job.examples,
    settings: job.run.training,
    layout: job.layout,
    rowWidth,
    parameterisation,
  };
  const trainer =
    assignment.checkpoint === null
      ? Trainer.start(
          parts,
          await startingParameters(spec, sizes, {
            initialPrompt: assignment.initialPrompt,
            sourceAdapter: assignment.sourceAdapter,
            labels: job.plan.labels,
            bundle,
            tokenizer,
            // Once for a job: on the processor, which takes a past of no positions.
            keysValuesOf: (rows) => keysValuesOf(frozen, rows, threads),
          }),
        )
      : Trainer.resume(parts, decodeCheckpoint(assignment.checkpoint, run));
  const reports = new Reports(job, rowWidth);
  let stored = assignment.checkpoint === null ? -1 : trainer.state.step;
  let trainLoss: number | null = null;
  let last: Score | null = null;
  const store = async (): Promise<void> => {
    const { step } = trainer.state;
    const metrics = {
      train_loss: trainLoss,
      full_valid_loss: last?.loss ?? null,
      full_valid_accuracy: last?.accuracy ?? null,
    };
    await parent.send({ type: 'checkpoint', step, content: encodeCheckpoint(trainer.state, run), metrics });
    await parent.expect('stored');
    stored = step;
  };

  let stopped: (TrainingEvent & { type: 'stopped' }) | null = null;
  for await (const event of runTraining(trainer, validation)) {
    if (event.type === 'stopped') {
      stopped = event;
      break;
    }
    const report = reports.of(event);
    if (report !== null) await parent.send({ type: 'event', event: report });
    if (event.type === 'step') trainLoss = event.loss;
    else last = event.score;
    // After a step that is validated the state waits for its score, so that a resumed run does not score again.
    const due =
      event.type === 'validation' ||
      (event.step % job.run.saveSteps === 0 && !(validation && trainer.validationDue));
    if (due) await store();
    // A message that came while the graph ran is read only now.
    await setImmediate();
    if (parent.stopRequested) {
      if (stored !== trainer.state.step) await store();
      return parent.send({ type: 'stopped' });
    }
  }
  if (stopped === null) throw new Error('The run ended without a reason');
  // What diverged stays at the last good state, which is stored already or as cheap to reach again.
  if (stopped.reason !== 'diverged' && stored !== trainer.state.step) await store();
  await parent.send({
    type: 'finished',
    outcome: await outcomeOf(stopped, { trainer, job, parameterisation, evaluator, rowWidth }),
  });
  // What serves now is scored by a session of its own: a device need not hold the weights once more for it.
  await model.release();
  await evaluator?.release();
  const { incumbents } = await parent.expect('compare');
  const scores: (Score | null)[] = [];
  for (const [task, incumbent] of incumbents.entries()) {
    scores.push(
      incumbent && (await scoreIncumbent(incumbent, task, job, frozen, describeModel(bundle), place)),
    );
  }
  await parent.send({ type: 'compared', scores });
}

/** Files, settings and model: what a checkpoint must agree with. Threads and places may change. */
function runIdentity({ spec }: Assignment, { run, plan }: PreparedJob): string {
  return createHash('sha256')
    .update(JSON.stringify([spec, run.training, plan]))
    .digest('hex');
}
