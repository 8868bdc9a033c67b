import { hoistComponents } from './components.ts';
import { type Document, mapSchemas } from './document.ts';
import { normalForm } from './normal-form.ts';
import { shareResponses } from './shared-responses.ts';

/** The document as it is published, from the one that the routes' schemas give as they stand. */
export function rewriteDocument<D extends object>(document: D): D {
  const shared = shareResponses(document as object as Document);
  return mapSchemas(hoistComponents(shared), normalForm) as object as D;
}
