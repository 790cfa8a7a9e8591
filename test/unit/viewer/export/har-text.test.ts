// An archive may be printed on a terminal: what acts on one stands escaped, and is read back as it was.

import { expect, it } from 'vitest';
import { harText } from '../../../../src/viewer/export/har-text.ts';

async function* none(): AsyncGenerator<null> {}

it('nothing in an archive acts on a terminal, and a parser reads what was meant', async () => {
  const name = 'a\u009b31mb\u202ec';
  let text = '';
  const source = { flows: none(), isCut: () => false, limit: 1 };
  for await (const part of harText({ name, version: '1' }, source)) text += part;
  expect(text).toContain('a\\u009b31mb\\u202ec');
  expect(JSON.parse(text).log.creator.name).toBe(name);
});
