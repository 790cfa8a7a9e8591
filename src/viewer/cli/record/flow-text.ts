// One flow of the record → text: what it was, its headers, its bodies. Pure. All of it is hostile.

import { visiblePieces } from '../../../shared/visible-text.ts';
import type { Body } from '../../store/capture-join.ts';
import type { Flow, Message } from '../../store/flow.ts';
import { type Paint, show } from '../paint.ts';
import { timeText } from './row-text.ts';

export function flowText(flow: Flow, paint: Paint): string {
  const { row, request, response, messages } = flow;
  const isMessage = row.event === 'websocket';
  return [
    ...factLines(flow, paint),
    ...messageLines(isMessage ? 'Sent' : 'Request', request, paint),
    ...messageLines(isMessage ? 'Received' : 'Response', response, paint),
    ...(messages.length === 0
      ? []
      : [
          '',
          paint('bold', flow.more_messages ? 'The last messages' : 'Messages'),
          ...messages.map(
            ({ ts, direction, summary, text }) =>
              `${timeText(ts)} ${direction === 'client' ? '>' : '<'} ${show(summary)}  ${show(text)}`,
          ),
        ]),
    ...(flow.complete ? [] : ['', 'The search ended before everything was found.']),
  ].join('\n');
}

function factLines({ row, fields, opened }: Flow, paint: Paint): string[] {
  const known: [string, unknown][] = [
    ['id', row.id],
    ['place', row.at],
    ['record', row.seq],
    ['time', timeText(row.ts)],
    ['opened', opened === null ? '' : timeText(opened.ts)],
    ['what', `${row.event}${row.would_block ? ' (enforce mode would block it)' : ''}`],
    ['client', row.client],
    ['agent', row.agent],
    ['request', [row.method, row.url || row.host].filter((part) => part !== '').join(' ')],
    ['status', row.status],
    ['reason', row.reason],
    ['rule', row.rule],
    ['summary', row.summary],
  ];
  const names = new Set([...known.map(([name]) => name), ...SHOWN]);
  const others = Object.entries(fields).filter(([name]) => !names.has(name));
  return [...known, ...others]
    .filter(([, value]) => value !== '' && value !== null && value !== undefined)
    .map(([name, value]) => {
      const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
      return `${paint('dim', name.padEnd(12))} ${show(text)}`;
    });
}

/** Under another name above. */
const SHOWN = ['event', 'seq', 'ts', 'method', 'url', 'prev', 'audit'];

function messageLines(title: string, { headers, body }: Message, paint: Paint): string[] {
  if (headers.length === 0 && body.captured_bytes === 0) return [];
  const notes = bodyNotes(body);
  return [
    '',
    paint('bold', title),
    ...headers.map(([name, value]) => `${paint('cyan', name)}: ${show(value)}`),
    ...(body.captured_bytes === 0 ? [] : ['', bodyText(body)]),
    ...(notes === '' ? [] : [paint('yellow', `(${notes})`)]),
  ];
}

/** A text keeps its lines; of bytes a terminal can show nothing. */
function bodyText(body: Body): string {
  if (body.encoding === 'base64') return `${body.shown_bytes} bytes that are no text`;
  return visiblePieces(body.text.replace(/\r\n/g, '\n'), true)
    .map((piece) => piece.text)
    .join('')
    .replace(/\n$/, '');
}

function bodyNotes(body: Body): string {
  const { captured_bytes, shown_bytes, truncated, missing_parts, decoded } = body;
  return [
    truncated === '' ? '' : `not the whole body: ${truncated}`,
    shown_bytes < captured_bytes ? `${captured_bytes} bytes are on the record` : '',
    missing_parts > 0 ? `${missing_parts} parts were not found` : '',
    decoded === '' ? '' : `decoded from ${decoded}`,
  ]
    .filter((note) => note !== '')
    .join('; ');
}
