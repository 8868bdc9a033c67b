import { computed, signal } from '@preact/signals';

/** Where the person is: `#/tasks/sentiment?x=1` has the path `tasks`, `sentiment`. */
export interface Route {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

const hash = signal(location.hash);
addEventListener('hashchange', () => {
  hash.value = location.hash;
});

export const route = computed<Route>(() => {
  const [path = '', query = ''] = hash.value.replace(/^#\/?/, '').split('?', 2);
  return { path: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(query) };
});

/** A broken percent escape stands for itself. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export type Query = Readonly<Record<string, string | number | null | undefined>>;

/** The address of a page, for `href`. */
export function href(path: readonly (string | number)[], query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value != null) search.set(name, String(value));
  const tail = search.size > 0 ? `?${search}` : '';
  return `#/${path.map((part) => encodeURIComponent(part)).join('/')}${tail}`;
}

export function go(path: readonly (string | number)[], query: Query = {}): void {
  location.hash = href(path, query);
}
