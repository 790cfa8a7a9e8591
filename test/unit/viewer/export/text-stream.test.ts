import { describe, expect, it } from 'vitest';
import { textStream } from '../../../../src/viewer/export/text-stream.ts';

describe('textStream()', () => {
  it('gives what the generator gives, as bytes', async () => {
    const stream = textStream(async function* () {
      yield 'ä';
      yield new Uint8Array([10]);
    });
    expect(await new Response(stream).text()).toBe('ä\n');
  });

  it('ends the generator when the client leaves, and asks for no more than is taken', async () => {
    let given = 0;
    let isEnded = false;
    let isOver = () => false;
    const stream = textStream(async function* (over) {
      isOver = over;
      try {
        for (;;) {
          given += 1;
          yield 'x'.repeat(1000);
        }
      } finally {
        isEnded = true;
      }
    });
    const reader = stream.getReader();
    await reader.read();
    expect(given).toBeLessThan(4);
    await reader.cancel();
    expect({ isEnded, isOver: isOver() }).toEqual({ isEnded: true, isOver: true });
  });
});
