/** Where the replicas of a shared store find the contents of each other's training files. */
export interface RemoteContents {
  /** Stores the file at `path` under its hash; the same again is no error. */
  put(sha256: string, path: string): Promise<void>;
  /** The content in pieces; none at all when it is not there. */
  get(sha256: string): AsyncIterable<Uint8Array>;
  /** Removes what no training file has. */
  sweep(): Promise<void>;
}
