/** Keyword under which a schema carries its name; it never reaches the document. */
export const COMPONENT = 'x-component';

/**
 * Options that name a schema: it becomes `#/components/schemas/NAME` of the OpenAPI document, wherever it stands.
 * Validators and serialisers take no notice of it. Names are what generators call their types.
 */
export const component = (name: string) => ({ [COMPONENT]: name });
