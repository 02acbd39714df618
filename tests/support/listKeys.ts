import type { RemoteObject } from '../../server/src/sync/bucket/Bucket';

/** @returns the keys of all pages of a listing, in its order. */
export async function listKeys(pages: AsyncIterable<RemoteObject[]>): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of pages) keys.push(...page.map(({ key }) => key));
  return keys;
}
