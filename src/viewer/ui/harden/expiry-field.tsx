// When a grant ends by itself: in a while, at a date, or not.

import { useState } from 'preact/hooks';
import { expiryIn } from './manage-form.ts';

const SPANS = [
  ['1', '1 hour'],
  ['8', '8 hours'],
  ['24', '24 hours'],
  ['168', '7 days'],
] as const;

export function ExpiryField(props: { value: string; onChange: (expires: string) => void }) {
  const [choice, setChoice] = useState('');
  const choose = (value: string) => {
    setChoice(value);
    props.onChange(value === '' || value === 'date' ? '' : expiryIn(Number(value), Date.now()));
  };
  return (
    <label class="line">
      Ends
      <span>
        <select
          aria-label="Ends"
          value={choice}
          onChange={({ currentTarget }) => choose(currentTarget.value)}
        >
          <option value="">never</option>
          {SPANS.map(([hours, text]) => (
            <option value={hours}>in {text}</option>
          ))}
          <option value="date">at a date</option>
        </select>
        {choice === 'date' && (
          <input
            type="date"
            aria-label="Last day, UTC"
            value={props.value.slice(0, 10)}
            onInput={({ currentTarget: { value } }) =>
              props.onChange(value === '' ? '' : `${value}T23:59:59Z`)
            }
          />
        )}
      </span>
    </label>
  );
}
