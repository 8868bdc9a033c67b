const SOURCE = new URL('../../src/', import.meta.url).href;
const BUILD = new URL('../../dist/', import.meta.url).href;

/**
 * Imports of src/*.ts get what was built of them: the tests then run what is shipped, and its threads and processes
 * start without a compiler. See https://nodejs.org/api/module.html#resolvespecifier-context-nextresolve.
 */
export function resolve(specifier, context, nextResolve) {
  if (specifier.endsWith('.ts') && /^(\.|file:)/.test(specifier)) {
    const { href } = new URL(specifier, context.parentURL);
    if (href.startsWith(SOURCE)) {
      const url = `${BUILD}${href.slice(SOURCE.length, -'.ts'.length)}.js`;
      return { url, format: 'module', shortCircuit: true };
    }
  }
  return nextResolve(specifier, context);
}
