import type { Socket } from 'node:net';
import { z } from 'zod';
import { eventSchema } from '../commands/contract';
import { serverAboutSchema } from './socketPlace';

/** What the command line sends: its version and a request, later perhaps that it gives up. One JSON text a line. */
export const clientLineSchema = z.union([
  z.strictObject({ version: z.string(), request: z.unknown() }),
  z.strictObject({ cancel: z.literal(true) }),
]);

/** What the server sends: who it is, then events, then the answer or an error. */
export const serverLineSchema = z.union([
  z.strictObject({ hello: serverAboutSchema }),
  z.strictObject({ event: eventSchema }),
  z.strictObject({ error: z.object({ code: z.string(), message: z.string(), fix: z.string() }) }),
  z.strictObject({ answer: z.unknown() }),
]);

/** Sends one value. Nothing happens where the other side is gone. */
export function sendLine(
  socket: Socket,
  value: z.input<typeof clientLineSchema> | z.input<typeof serverLineSchema>,
): void {
  if (socket.writable) socket.write(`${JSON.stringify(value)}\n`);
}

/** The values the other side sends, until it ends or is cut off. A line that is no JSON comes as `undefined`. */
export async function* readValues(socket: Socket): AsyncIterable<unknown> {
  socket.setEncoding('utf8');
  let rest = '';
  try {
    for await (const chunk of socket) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) yield parse(line);
    }
  } catch {
    // What was cut off shows by what is missing.
  }
}

function parse(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    return value;
  } catch {
    return undefined;
  }
}
