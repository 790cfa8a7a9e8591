import { describe, expect, it } from 'vitest';
import {
  parseEventStream,
  parseLines,
  reassemble,
} from '../../../../../src/viewer/ui/detail/body/event-stream.ts';

describe('parseEventStream()', () => {
  const event = (more: object) => ({
    name: '',
    id: '',
    data: '',
    comments: [],
    isCut: false,
    ...more,
  });

  it.each([
    ['data: one\n\ndata: two\n\n', [event({ data: 'one' }), event({ data: 'two' })]],
    [
      'event: delta\r\nid: 7\r\ndata: {"a":1}\r\n\r\n',
      [event({ name: 'delta', id: '7', data: '{"a":1}' })],
    ],
    ['data: a\ndata:  b\n\n', [event({ data: 'a\n b' })]],
    [': keep-alive\n\n', [event({ comments: ['keep-alive'] })]],
    ['data: cut off', [event({ data: 'cut off', isCut: true })]],
    ['\ufeffdata: x\r\rdata\r\r', [event({ data: 'x' }), event({})]],
    ['\n\n\n', []],
    ['', []],
  ])('parseEventStream() reads %j', (text, expected) => {
    expect(parseEventStream(text)).toEqual({ events: expected, isCut: false });
  });

  it('parseEventStream() ends at 20,000 events and says so', () => {
    const { events, isCut } = parseEventStream('data: x\n\n'.repeat(20_001));
    expect({ length: events.length, isCut }).toEqual({ length: 20_000, isCut: true });
  });
});

describe('parseLines()', () => {
  it('parseLines() gives lines without blank ones', () => {
    expect(parseLines('{"a":1}\r\n\n{"b":2}')).toEqual({
      lines: ['{"a":1}', '{"b":2}'],
      isCut: false,
    });
    expect(parseLines('x\n'.repeat(20_001)).isCut).toBe(true);
  });
});

describe('reassemble()', () => {
  it.each([
    [
      'OpenAI chat',
      [
        { choices: [{ delta: { role: 'assistant' } }] },
        { choices: [{ delta: { content: 'Hel' } }] },
        { choices: [{ delta: { content: 'lo' } }] },
      ],
    ],
    ['OpenAI completions', [{ choices: [{ text: 'Hel' }] }, { choices: [{ text: 'lo' }] }]],
    [
      'OpenAI responses',
      [
        { type: 'response.output_text.delta', delta: 'Hel' },
        { type: 'response.output_text.delta', delta: 'lo' },
        { type: 'response.completed' },
      ],
    ],
    [
      'Anthropic',
      [
        { type: 'content_block_delta', delta: { type: 'text_delta', text: 'Hel' } },
        { type: 'content_block_delta', delta: { text: 'lo' } },
      ],
    ],
    ['Gemini', [{ candidates: [{ content: { parts: [{ text: 'Hel' }, { text: 'lo' }] } }] }]],
    ['Cohere', [{ delta: { message: { content: { text: 'Hello' } } } }]],
    ['Ollama', [{ message: { content: 'Hel' } }, { response: 'lo' }]],
  ])('reassemble() spells out a stream of %s', (_, pieces) => {
    expect(reassemble(pieces.map((piece) => JSON.stringify(piece)))).toBe('Hello');
  });

  it('reassemble() takes nothing from other data', () => {
    const hostile = [
      '[DONE]',
      '{"__proto__":{"response":"x"}}',
      '{"choices":"x"}',
      '{bad',
      '{"delta":7}',
    ];
    expect(reassemble(hostile)).toBe('');
  });

  it('reassemble() ends at its limit', () => {
    const piece = JSON.stringify({ response: 'x'.repeat(100_000) });
    expect(reassemble([piece, piece, piece, piece])).toHaveLength(256 * 1024);
  });
});
