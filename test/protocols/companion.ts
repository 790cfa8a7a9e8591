// An exchange that runs beside one that is broken off, on the same client: what happens to the one is
// no business of the other.

import { expect } from 'vitest';
import type { ProtocolClient } from '../support/protocols/client.ts';

export type Companion = {
  /** Still goes back and forth, and comes to its own end. */
  endsWell(): Promise<void>;
};

/** Starts one that the origin echoes, and waits until its first bytes have come back. */
export async function startCompanion(client: ProtocolClient, path: string): Promise<Companion> {
  const sent = client.request('POST', path);
  sent.body.write('before');
  const { status, body } = await sent.answer;
  expect(status).toBe(200);
  const chunks = body[Symbol.asyncIterator]();
  expect(String((await chunks.next()).value)).toBe('before');
  return {
    async endsWell() {
      sent.body.write('after');
      expect(String((await chunks.next()).value)).toBe('after');
      sent.body.end();
      expect(await chunks.next()).toMatchObject({ done: true });
      expect(await sent.ending).toMatchObject({ whole: true });
    },
  };
}
