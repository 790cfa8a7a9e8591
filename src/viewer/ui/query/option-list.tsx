// The list below the query box. Draws what it is given; the box keeps the focus.

import { useEffect, useRef } from 'preact/hooks';
import { SafeText } from '../kit/safe-text.tsx';
import type { Option } from './complete.ts';

type OptionListProps = {
  readonly id: string;
  readonly options: readonly Option[];
  /** -1: none is chosen yet. */
  readonly active: number;
  readonly onChoose: (option: Option) => void;
  readonly onHover: (index: number) => void;
};

export function OptionList({ id, options, active, onChoose, onHover }: OptionListProps) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return (
    <div
      id={id}
      ref={list}
      class="options"
      role="listbox"
      aria-label="What can stand here"
      hidden={options.length === 0}
    >
      {options.map((option, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the box keeps the focus and names the option
        // biome-ignore lint/a11y/useKeyWithClickEvents: the box has the keys
        <div
          id={`${id}-${index}`}
          key={`${option.kind} ${option.label}`}
          class={`option ${option.kind}`}
          role="option"
          aria-selected={index === active}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onChoose(option)}
          onMouseMove={() => index !== active && onHover(index)}
        >
          <span class="name">
            <SafeText text={option.label} />
          </span>
          <span class="about">
            <SafeText text={option.hint} />
          </span>
          {option.count !== null && <span class="count">{option.count.toLocaleString('en')}</span>}
        </div>
      ))}
    </div>
  );
}
