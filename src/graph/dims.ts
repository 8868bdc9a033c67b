import { type Dim, GraphError, type Shape } from './types.ts';

/**
 * Arithmetic on symbolic sizes. A size is a polynomial with whole coefficients over named sizes; its text
 * is canonical (`3*batch*sequence`, `past + sequence`), so equal sizes are equal strings.
 */
type Polynomial = ReadonlyMap<string, number>; // 'batch*sequence' -> coefficient; '' is the constant term

function parse(dim: Dim): Polynomial {
  const terms = new Map<string, number>();
  if (typeof dim === 'number') {
    if (dim !== 0) terms.set('', dim);
    return terms;
  }
  for (const text of dim.split(' + ')) {
    const factors = text.split('*');
    const coefficient = /^\d+$/.test(factors[0]!) ? Number(factors.shift()) : 1;
    terms.set(factors.join('*'), coefficient);
  }
  return terms;
}

function format(terms: Polynomial): Dim {
  const present = [...terms].filter(([, coefficient]) => coefficient !== 0);
  if (present.every(([symbols]) => symbols === '')) return terms.get('') ?? 0;
  const text = ([symbols, coefficient]: [string, number]): string => {
    if (symbols === '') return String(coefficient);
    return coefficient === 1 ? symbols : `${coefficient}*${symbols}`;
  };
  // The constant term goes last: its key is the empty string.
  const order = ([a]: [string, number], [b]: [string, number]): number =>
    a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1;
  return present.sort(order).map(text).join(' + ');
}

const symbolsOf = (monomial: string): string[] => (monomial === '' ? [] : monomial.split('*'));

export function addDims(...dims: readonly Dim[]): Dim {
  const sum = new Map<string, number>();
  for (const dim of dims) {
    for (const [symbols, coefficient] of parse(dim)) sum.set(symbols, (sum.get(symbols) ?? 0) + coefficient);
  }
  return format(sum);
}

function multiply(a: Polynomial, b: Polynomial): Polynomial {
  const product = new Map<string, number>();
  for (const [symbolsA, coefficientA] of a) {
    for (const [symbolsB, coefficientB] of b) {
      const symbols = [...symbolsOf(symbolsA), ...symbolsOf(symbolsB)].sort().join('*');
      product.set(symbols, (product.get(symbols) ?? 0) + coefficientA * coefficientB);
    }
  }
  return product;
}

export function multiplyDims(...dims: readonly Dim[]): Dim {
  return format(dims.map(parse).reduce(multiply, parse(1)));
}

/** dividend / divisor, or null unless the divisor is one term that divides every term of the dividend. */
export function divideDims(dividend: Dim, divisor: Dim): Dim | null {
  const terms = [...parse(divisor)];
  if (terms.length !== 1) return null;
  const [divisorSymbols, divisorCoefficient] = terms[0]!;
  const quotient = new Map<string, number>();
  for (const [symbols, coefficient] of parse(dividend)) {
    const left = symbolsOf(symbols);
    for (const symbol of symbolsOf(divisorSymbols)) {
      const at = left.indexOf(symbol);
      if (at < 0) return null;
      left.splice(at, 1);
    }
    if (coefficient % divisorCoefficient !== 0) return null;
    quotient.set(left.join('*'), coefficient / divisorCoefficient);
  }
  return format(quotient);
}

/** The shape that two shapes broadcast to (NumPy rules), or null. A named size is never assumed to be 1. */
export function broadcastShapes(a: Shape, b: Shape): Shape | null {
  const rank = Math.max(a.length, b.length);
  const shape: Dim[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const dimA = a[axis - rank + a.length] ?? 1;
    const dimB = b[axis - rank + b.length] ?? 1;
    if (dimA !== dimB && dimA !== 1 && dimB !== 1) return null;
    shape.push(dimA === 1 ? dimB : dimA);
  }
  return shape;
}

export const equalShapes = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((dim, axis) => dim === b[axis]);

export const formatShape = (shape: Shape): string => `[${shape.join(', ')}]`;

const EXPRESSION = /^(\d+\*)?[a-z]\w*(\*[a-z]\w*)*( \+ (\d+\*)?[a-z]\w*(\*[a-z]\w*)*)*( \+ \d+)?$/;

/** Refuses sizes that are neither whole numbers >= 0 nor expressions in canonical form. */
export function checkShape(owner: string, shape: Shape): void {
  for (const dim of shape) {
    const valid =
      typeof dim === 'number'
        ? Number.isSafeInteger(dim) && dim >= 0
        : EXPRESSION.test(dim) && format(parse(dim)) === dim;
    if (!valid)
      throw new GraphError(`${owner}: ${dim} in shape ${formatShape(shape)} is not a size or a name`);
  }
}
