// One message: headers in the order received, and the copy of its body.

import type { Message } from '../../store/flow.ts';
import { SafeText } from '../kit/safe-text.tsx';
import { BodyView } from './body-view.tsx';

export function MessageView({ title, message }: { title: string; message: Message }) {
  return (
    <section class="message">
      <h3>{title}</h3>
      {message.headers.length > 0 && (
        <table class="headers">
          <tbody>
            {message.headers.map(([name, value], index) => (
              <tr key={index}>
                <th scope="row">
                  <SafeText text={name} />
                </th>
                <td>
                  <SafeText text={value} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <BodyView body={message.body} contentType={contentType(message)} />
    </section>
  );
}

function contentType({ headers }: Message): string {
  return headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
}
