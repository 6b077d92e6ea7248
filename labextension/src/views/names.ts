/** The last part of a path. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A moment, given in seconds, in the reader's own way of writing it. */
export function momentText(at: number): string {
  return new Date(at * 1000).toLocaleString();
}
