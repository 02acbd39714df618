import { once } from 'node:events';
import { createServer } from 'node:net';

/** Puts a Unix socket at a path. @returns closes it. */
export async function makeSocket(path: string): Promise<() => Promise<void>> {
  const server = createServer().listen(path);
  await once(server, 'listening');
  return async () => {
    server.close();
    await once(server, 'close');
  };
}
