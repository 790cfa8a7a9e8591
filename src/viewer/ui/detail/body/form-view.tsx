// A form as a table of its fields, or of its parts.

import { formatBytes } from '../../kit/format.ts';
import { SafeText } from '../../kit/safe-text.tsx';
import { type FormField, type FormPart, parseForm } from './form.ts';

const MAX_VALUE = 2000;

export function FormView({ text }: { text: string }) {
  const { fields, isCut } = parseForm(text);
  return (
    <>
      <table class="headers form">
        <tbody>
          {fields.map((field, index) => (
            <Field key={index} {...field} />
          ))}
        </tbody>
      </table>
      {isCut && <p class="notice">More fields are not shown here; they are in Text.</p>}
    </>
  );
}

function Field({ name, value }: FormField) {
  return (
    <tr>
      <th scope="row">
        <SafeText text={name} />
      </th>
      <td>
        <SafeText text={value.slice(0, MAX_VALUE)} lines />
        {value.length > MAX_VALUE && (
          <span class="count"> … {value.length - MAX_VALUE} more characters, in Text</span>
        )}
      </td>
    </tr>
  );
}

export function PartsView({ parts, isCut }: { parts: readonly FormPart[]; isCut: boolean }) {
  return (
    <>
      <table class="headers form">
        <tbody>
          {parts.map((part, index) => (
            <tr key={index}>
              <th scope="row">
                <SafeText text={part.name || `part ${index + 1}`} />
              </th>
              <td>
                <span class="count">
                  <SafeText text={describe(part)} />
                </span>
                <div>
                  {isText(part.content) ? (
                    <SafeText text={part.content.slice(0, MAX_VALUE)} lines />
                  ) : (
                    'bytes, see Hex'
                  )}
                </div>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {isCut && <p class="notice">The text ends within the last part shown here.</p>}
    </>
  );
}

function describe({ fileName, type, content }: FormPart): string {
  return [fileName === '' ? '' : `file ${fileName}`, type, formatBytes(content.length)]
    .filter((text) => text !== '')
    .join(' · ');
}

function isText(content: string): boolean {
  return !/[\x00-\x08\x0e-\x1f]/.test(content.slice(0, MAX_VALUE));
}
