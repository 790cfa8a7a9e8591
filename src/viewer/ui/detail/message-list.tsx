// The WebSocket messages of one connection, a line each, in the order in which they went by.

import type { Flow } from '../../store/flow.ts';
import { formatTime } from '../kit/format.ts';
import { SafeText } from '../kit/safe-text.tsx';

export function MessageList({ flow }: { flow: Flow }) {
  const now = new Date();
  return (
    <section class="message">
      {flow.more_messages && (
        <p class="notice">These are the last {flow.messages.length}; the list has all of them.</p>
      )}
      <table class="headers">
        <tbody>
          {flow.messages.map((line) => (
            <tr key={line.at}>
              <th scope="row">
                {formatTime(line.ts, now)} {line.direction === 'client' ? '→' : '←'}
              </th>
              <td title={line.summary}>
                <SafeText text={line.text === '' ? line.summary : line.text} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
