// One message: headers as received or by name, the copy of its body, and the fields behind it.

import type { Message } from '../../store/flow.ts';
import { CopyButton } from '../kit/copy-button.tsx';
import { SafeText } from '../kit/safe-text.tsx';
import { BodyView } from './body/body-view.tsx';
import { headerOrder } from './kept-choice.ts';

type HeaderPairs = Message['headers'];
type MessageProps = { title: string; message: Message; trailers?: HeaderPairs };

export function MessageView({ title, message, trailers = [] }: MessageProps) {
  const { headers } = message;
  const isSorted = headerOrder.value === 'sorted';
  return (
    <section class="message">
      <h3>{title}</h3>
      {headers.length > 0 && (
        <>
          <div class="body-bar">
            <span>
              {headers.length} header{headers.length === 1 ? '' : 's'}
              {isSorted ? ', by name' : ', as received'}
            </span>
            <button
              type="button"
              class="small"
              aria-pressed={isSorted}
              onClick={() => {
                headerOrder.value = isSorted ? 'raw' : 'sorted';
              }}
            >
              Sort
            </button>
            <CopyButton text={headers.map(([name, value]) => `${name}: ${value}`).join('\n')} />
          </div>
          <HeaderTable headers={isSorted ? sorted(headers) : headers} />
        </>
      )}
      <BodyView body={message.body} contentType={contentType(message)} />
      {trailers.length > 0 && (
        <>
          <p class="hint">Trailers, behind the body</p>
          <HeaderTable headers={isSorted ? sorted(trailers) : trailers} />
        </>
      )}
    </section>
  );
}

function HeaderTable({ headers }: { headers: HeaderPairs }) {
  return (
    <table class="headers">
      <tbody>
        {headers.map(([name, value], index) => (
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
  );
}

/** By name; those of one name stay in their order. */
function sorted(headers: HeaderPairs): HeaderPairs {
  const key = (name: string) => name.toLowerCase();
  return [...headers].sort(([a], [b]) => (key(a) < key(b) ? -1 : Number(key(a) > key(b))));
}

function contentType({ headers }: Message): string {
  return headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
}
