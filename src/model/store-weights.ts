import type { LinearWeight, StoredTensor, WeightCatalog } from '../families/decoder.ts';
import { BUNDLE_FILES } from './bundle.ts';
import { HEAD } from './expected-tensors.ts';
import type { FileDigest } from './hashed-file.ts';
import type { ImportPlan } from './import-plan.ts';
import { type OnRead, readRowBlocks } from './row-blocks.ts';
import { float32Rows, storeLinear } from './store-linear.ts';
import { type TensorFile, writeTensors } from './tensor-file.ts';
import type { SourceTensor, WeightSource } from './weight-source.ts';

export interface StoredWeights {
  readonly catalog: WeightCatalog;
  readonly embeddings: FileDigest;
  readonly weights: FileDigest;
}

/** Writes embeddings.bin and weights.bin into `directory`, which must not have them. */
export async function storeWeights(
  source: WeightSource,
  plan: ImportPlan,
  directory: string,
  onRead: OnRead,
): Promise<StoredWeights> {
  const rowsOf = (tensor: SourceTensor) => readRowBlocks(source, tensor, onRead);
  const float32 = (file: TensorFile, tensor: SourceTensor): Promise<StoredTensor> =>
    file.add('float32', tensor.shape, float32Rows(tensor, rowsOf(tensor)));

  const embeddings = await writeTensors(directory, BUNDLE_FILES.embeddings, (file) =>
    float32(file, plan.embeddings),
  );
  const weights = await writeTensors(directory, BUNDLE_FILES.weights, async (file) => {
    const tensors = new Map<string, StoredTensor>();
    for (const tensor of plan.others) tensors.set(tensor.name, await float32(file, tensor));
    const linears = new Map<string, LinearWeight>();
    for (const { name, tensor, form } of plan.linears) {
      linears.set(name, await storeLinear(file, tensor, form, rowsOf(tensor)));
    }
    if (plan.headIsEmbeddings) linears.set(HEAD, { format: 'float32', weight: embeddings.result });
    return { linears, tensors };
  });
  return { catalog: weights.result, embeddings: embeddings.digest, weights: weights.digest };
}
