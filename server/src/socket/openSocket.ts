import { connect, type Socket } from 'node:net';

/**
 * Connects to a Unix socket. It works even while the process behind it is busy: the system accepts for it.
 *
 * @throws what the system says, such as `ECONNREFUSED` where nobody listens.
 */
export function openSocket(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      // An end in the middle shows in what was read; without a listener it would be thrown.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** Whether a process listens at a path. */
export async function isListening(path: string): Promise<boolean> {
  try {
    (await openSocket(path)).destroy();
    return true;
  } catch {
    return false;
  }
}
