import { describe, expect, it } from 'vitest';
import { painter } from '../../../../../src/viewer/cli/paint.ts';
import { flowText } from '../../../../../src/viewer/cli/record/flow-text.ts';
import type { Flow } from '../../../../../src/viewer/store/flow.ts';
import { EMPTY_ROW } from '../../../../../src/viewer/store/row.ts';

const BODY = {
  text: '',
  encoding: 'utf8',
  captured_bytes: 0,
  shown_bytes: 0,
  wire_bytes: 0,
  sha256: '',
  truncated: '',
  decoded: '',
  decoded_bytes: 0,
  decoded_cut: false,
  missing_parts: 0,
} as const;
const FLOW: Flow = {
  row: { ...EMPTY_ROW, id: '1-1-1', event: 'allowed', method: 'GET', url: 'https://a.test/' },
  fields: {},
  request: { headers: [], body: BODY },
  response: { headers: [], body: BODY },
  messages: [],
  more_messages: false,
  opened: null,
  complete: true,
  redacted: true,
};
const text = (flow: Partial<Flow>) => flowText({ ...FLOW, ...flow }, painter({ env: {} }));
const withBody = (body: object) =>
  text({ response: { headers: [['A', 'b']], body: { ...BODY, ...body } } });

describe('flowText()', () => {
  it('leaves out what is not there', () => {
    expect(text({})).toBe(
      [
        'id           1-1-1',
        'place        1:0',
        'time         1970-01-01T00:00:00Z',
        'what         allowed',
        'request      GET https://a.test/',
      ].join('\n'),
    );
  });

  it('keeps the lines of a body, and makes visible what would act', () => {
    const shown = withBody({ text: 'a\r\n\tb\x1b[2J\rc\n', captured_bytes: 9, shown_bytes: 9 });
    expect(shown.endsWith('Response\nA: b\n\na\n\tb\\x1b[2J\\rc')).toBe(true);
  });

  it('says of bytes how many, and in what way a body is not whole', () => {
    const bytes = withBody({ text: 'AA==', encoding: 'base64', captured_bytes: 5, shown_bytes: 1 });
    expect(bytes).toContain('1 bytes that are no text\n(5 bytes are on the record)');
    const cut = withBody({ text: 'a', captured_bytes: 1, shown_bytes: 1, truncated: 'limit' });
    expect(cut).toContain('a\n(not the whole body: limit)');
    expect(text({ complete: false })).toContain('The search ended before everything was found.');
  });

  it('shows what leash said of it, and the messages, made safe', () => {
    const hostile = '\x1b\n\u202e';
    const shown = text({
      fields: { policy: 7, [hostile]: { a: hostile } },
      messages: [{ at: '1:1', ts: 0, direction: 'client', summary: hostile, text: hostile }],
      more_messages: true,
    });
    expect(shown).toMatch(/^policy {7}7$/m);
    expect(shown).toContain('The last messages\n1970-01-01T00:00:00Z > \\x1b\\n\\u{202e}');
    expect(shown).not.toMatch(/[\x1b\u202e]/);
  });
});
