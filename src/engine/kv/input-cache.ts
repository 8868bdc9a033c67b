import { ELEMENTS } from './elements.ts';
import { copyPlane, type KvShape, type KvView, kvBytesPerPosition, sliceView } from './kv.ts';

/** Tokens of one block. A multiple of the past axis's alignment, short enough for a template's few words. */
const BLOCK = 16;

interface Node {
  readonly parent: Node | null;
  /** Under its parent: the block's token ids. */
  readonly key: string;
  readonly children: Map<string, Node>;
  readonly view: KvView;
}

export interface InputCacheStats {
  readonly bytes: number;
  readonly hitTokens: number;
  readonly evictions: number;
}

/**
 * Keys and values of the beginnings of inputs: templates, few-shot examples, the history of a chat. For every
 * prompt (and for no prompt, and apart for each API key) a tree of blocks of {@link BLOCK} tokens: what a block holds depends on all that
 * stands before it, and its place in the tree says what that is. Least recently used leaves are dropped beyond
 * the bound. Views that were handed out stay valid: a dropped block is only forgotten.
 */
export class InputCache {
  private readonly shape: KvShape;
  private readonly capacityBytes: number;
  private readonly blockBytes: number;
  /** First blocks by key and token ids. */
  private readonly roots = new Map<string, Node>();
  /** Every node; oldest use first. A parent is always more recent than its children. */
  private readonly byUse = new Set<Node>();
  private hitTokens = 0;
  private evictions = 0;

  constructor(shape: KvShape, capacityBytes: number) {
    this.shape = shape;
    this.capacityBytes = capacityBytes;
    this.blockBytes = BLOCK * kvBytesPerPosition(shape);
  }

  /** The longest cached beginning of `ids` that leaves at least one token to read, block by block. */
  match(rootKey: string | null, ids: readonly number[]): readonly KvView[] {
    const path = this.find(rootKey, ids, ids.length - 1);
    this.touch(path);
    this.hitTokens += path.length * BLOCK;
    return path.map((node) => node.view);
  }

  /**
   * Copies the whole blocks at the beginning of `ids` that are missing.
   * @param parts the sequence so far, one view after the other; `ids` begin at position `offset` of it
   */
  insert(rootKey: string | null, ids: readonly number[], parts: readonly KvView[], offset: number): void {
    if (this.blockBytes > this.capacityBytes) return;
    const path = this.find(rootKey, ids, ids.length);
    for (let block = path.length; (block + 1) * BLOCK <= ids.length; block++) {
      const parent = path.at(-1) ?? null;
      const key = blockKey(parent === null ? rootKey : null, ids, block);
      const view = this.copy(parts, offset + block * BLOCK);
      const node: Node = { parent, key, children: new Map(), view };
      (parent?.children ?? this.roots).set(key, node);
      path.push(node);
    }
    this.touch(path);
    this.evict();
  }

  stats(): InputCacheStats {
    const { hitTokens, evictions } = this;
    return { bytes: this.byUse.size * this.blockBytes, hitTokens, evictions };
  }

  private find(rootKey: string | null, ids: readonly number[], tokens: number): Node[] {
    const path: Node[] = [];
    let level = this.roots;
    for (let block = 0; (block + 1) * BLOCK <= tokens; block++) {
      const node = level.get(blockKey(block === 0 ? rootKey : null, ids, block));
      if (node === undefined) break;
      path.push(node);
      level = node.children;
    }
    return path;
  }

  private touch(path: readonly Node[]): void {
    for (const node of path.toReversed()) {
      this.byUse.delete(node);
      this.byUse.add(node);
    }
  }

  private copy(parts: readonly KvView[], from: number): KvView {
    const { planes, heads, dim, element } = this.shape;
    const stride = heads * BLOCK * dim;
    const memory = ELEMENTS[element].zeros(planes * stride);
    for (let plane = 0; plane < planes; plane++) {
      let start = 0;
      for (const part of parts) {
        const first = Math.max(from, start);
        const last = Math.min(from + BLOCK, start + part.length);
        if (first < last) {
          const piece = sliceView(this.shape, part, first - start, last - start);
          copyPlane(this.shape, piece, plane, memory, plane * stride, BLOCK, first - from);
        }
        start += part.length;
      }
    }
    return { length: BLOCK, capacity: BLOCK, data: () => memory, offset: (plane) => plane * stride };
  }

  private evict(): void {
    for (const node of this.byUse) {
      if (this.byUse.size * this.blockBytes <= this.capacityBytes) return;
      // Children are older than their parents, so a node that is reached here has lost them all.
      this.byUse.delete(node);
      (node.parent?.children ?? this.roots).delete(node.key);
      this.evictions++;
    }
  }
}

/** A first block also says behind which prompt it stands and whose it is; such a key holds no space. */
function blockKey(rootKey: string | null, ids: readonly number[], block: number): string {
  const tokens = ids.slice(block * BLOCK, (block + 1) * BLOCK).join(',');
  return rootKey === null ? tokens : `${rootKey} ${tokens}`;
}
