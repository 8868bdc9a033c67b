import { mul, reduceSum } from '../ops.ts';
import { sub } from '../ops-training.ts';
import { GraphError, type Value } from '../types.ts';
import { scalar } from '../values.ts';
import type { GradientRule } from './rule.ts';

/** Rules of the normalisations. */
export const NORMALISATION: Readonly<Record<string, GradientRule>> = {
  /**
   * y = x r w with r = (mean(x^2) + epsilon)^(-1/2), the op's second output: dx = r (g - x r^2 mean(g x)) with
   * g = dy w. That output itself is not differentiated.
   */
  SimplifiedLayerNormalization: ({ node, gradients, operand, wants }) => {
    const [x, scale] = [operand(0), operand(1)];
    const [, roots] = node.outputs;
    const [gradient, ofRoots] = gradients;
    const size = x.shape.at(-1);
    if (!gradient || ofRoots || roots === undefined || typeof size !== 'number') {
      throw new GraphError(
        `${node.op}: only its first output is differentiated, and its width must be known`,
      );
    }
    const scaled = mul(gradient, scale);
    const mean = mul(reduceSum(mul(scaled, x), [-1], true), scalar(1 / size));
    return [
      wants(0) ? mul(sub(scaled, mul(x, mul(mean, mul(roots, roots)))), roots) : null,
      wants(1) ? mul(gradient, mul(x, roots)) : null,
    ];
  },

  /**
   * y = n w + b with n = (x - m) r, m and r the op's second and third outputs: dx = r (g - mean(g) - n mean(g n)) with
   * g = dy w. Those outputs themselves are not differentiated.
   */
  LayerNormalization: ({ node, gradients, operand, wants }) => {
    const [x, scale] = [operand(0), operand(1)];
    const [, means, roots] = node.outputs;
    const [gradient, ofMeans, ofRoots] = gradients;
    const size = x.shape.at(-1);
    if (!gradient || ofMeans || ofRoots || typeof size !== 'number') {
      throw new GraphError(
        `${node.op}: only its first output is differentiated, and its width must be known`,
      );
    }
    const normed = mul(sub(x, means!), roots!);
    const meanOf = (y: Value): Value => mul(reduceSum(y, [-1], true), scalar(1 / size));
    const scaled = mul(gradient, scale);
    const centred = sub(scaled, meanOf(scaled));
    return [
      wants(0) ? mul(sub(centred, mul(normed, meanOf(mul(scaled, normed)))), roots!) : null,
      wants(1) ? mul(gradient, normed) : null,
      wants(2) ? gradient : null,
    ];
  },
};
