/** An OpenAPI 3.1 document, as far as it is rewritten here. Everything else is passed on. */
export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Components;
}

export interface Components {
  readonly schemas?: Readonly<Record<string, Schema>>;
  readonly responses?: Readonly<Record<string, Response>>;
  readonly headers?: Readonly<Record<string, Header>>;
  readonly securitySchemes?: object;
}

export interface Operation {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, Response>>;
}

export interface Parameter {
  readonly in: string;
  readonly name: string;
  readonly schema: Schema;
}

export interface Response {
  readonly $ref?: string;
  readonly description?: string;
  readonly headers?: Readonly<Record<string, Header>>;
  readonly content?: Content;
}

export interface Header {
  readonly $ref?: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly schema?: Schema;
}

export type Content = Readonly<Record<string, Media>>;

export interface Media {
  readonly schema: Schema;
  /** Each event of a stream, in the form of OpenAPI 3.2's `itemSchema`. */
  readonly 'x-itemSchema'?: Schema;
  readonly example?: unknown;
}

/** The keywords of JSON Schema that hold schemas or are looked at; others are passed on. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly contentSchema?: Schema;
  readonly additionalProperties?: boolean | Schema;
  readonly [keyword: string]: unknown;
}

/** A copy of a record with each value replaced. */
export function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A, key: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}

/** A copy of the document with each schema replaced that stands outside of other schemas. */
export function mapSchemas(document: Document, change: (schema: Schema) => Schema): Document {
  const media = (item: Media): Media => ({
    ...item,
    schema: change(item.schema),
    ...(item['x-itemSchema'] && { 'x-itemSchema': change(item['x-itemSchema']) }),
  });
  const response = (item: Response): Response => ({
    ...item,
    ...(item.content && { content: mapValues(item.content, media) }),
    ...(item.headers && {
      headers: mapValues(item.headers, (header) => ({
        ...header,
        ...(header.schema && { schema: change(header.schema) }),
      })),
    }),
  });
  const operation = (item: Operation): Operation => ({
    ...item,
    ...(item.parameters && {
      parameters: item.parameters.map((parameter) => ({ ...parameter, schema: change(parameter.schema) })),
    }),
    ...(item.requestBody && {
      requestBody: { ...item.requestBody, content: mapValues(item.requestBody.content, media) },
    }),
    responses: mapValues(item.responses, response),
  });
  return {
    ...document,
    paths: mapValues(document.paths, (operations) => mapValues(operations, operation)),
    components: {
      ...document.components,
      ...(document.components.schemas && { schemas: mapValues(document.components.schemas, change) }),
      ...(document.components.responses && { responses: mapValues(document.components.responses, response) }),
    },
  };
}

/** A copy of a schema with each schema directly inside it replaced. */
export function mapInner(schema: Schema, change: (schema: Schema) => Schema): Schema {
  const { properties, items, anyOf, oneOf, contentSchema, additionalProperties } = schema;
  return {
    ...schema,
    ...(properties && { properties: mapValues(properties, change) }),
    ...(items && { items: change(items) }),
    ...(anyOf && { anyOf: anyOf.map(change) }),
    ...(oneOf && { oneOf: oneOf.map(change) }),
    ...(contentSchema && { contentSchema: change(contentSchema) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: change(additionalProperties) }),
  };
}
