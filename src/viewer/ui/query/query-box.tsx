// The box for a query: a combobox that offers fields, values with their numbers, and earlier queries.

import type { Ref } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { applyOption, type Option } from './complete.ts';
import { completing, draft, endTyping, search, typeText } from './draft.ts';
import { OptionList } from './option-list.tsx';
import { PROBLEM_ID } from './query-problem.tsx';
import { useOptions } from './use-options.ts';

const LIST_ID = 'query-options';

export function QueryBox({ inputRef }: { inputRef: Ref<HTMLInputElement> }) {
  const text = draft.value;
  const input = useRef<HTMLInputElement | null>(null);
  const [caret, setCaret] = useState(0);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const { place, options } = useOptions(text, caret, open);
  const isShown = open && options.length > 0;
  const activeAt = Math.min(active, options.length - 1);

  useEffect(() => {
    completing.value = isShown;
  }, [isShown]);

  const show = (isOpen: boolean) => {
    setOpen(isOpen);
    setActive(-1);
  };
  const moveCaret = () => setCaret(input.current?.selectionStart ?? 0);
  const choose = (option: Option) => {
    const next = applyOption(text, place, option);
    typeText(next.text, next.caret);
    if (option.kind !== 'field') search();
    show(option.kind === 'field');
    setCaret(next.caret);
    const element = input.current;
    if (element === null) return;
    // The caret goes where the next thing is typed: the text is set first.
    element.value = next.text;
    element.focus();
    element.setSelectionRange(next.caret, next.caret);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      if (!open) setOpen(true);
      // One place more than options: there, nothing is chosen.
      const places = options.length + 1;
      if (options.length > 0) setActive(((activeAt + 1 + step + places) % places) - 1);
      return;
    }
    const option = options[activeAt] ?? (event.key === 'Tab' && place.typed !== '' && options[0]);
    if (isShown && option && (event.key === 'Enter' || (event.key === 'Tab' && !event.shiftKey))) {
      event.preventDefault();
      choose(option);
    } else if (event.key === 'Enter') {
      endTyping();
      show(false);
    } else if (event.key === 'Escape' && isShown) {
      // It closes the list; the next one leaves the box.
      event.preventDefault();
      event.stopPropagation();
      show(false);
    }
  };

  return (
    <div class="search">
      <input
        ref={(element) => {
          input.current = element;
          if (typeof inputRef === 'function') inputRef(element);
          else if (inputRef) inputRef.current = element;
        }}
        id="query"
        type="text"
        inputMode="search"
        role="combobox"
        aria-label="Search the log"
        aria-autocomplete="list"
        aria-expanded={isShown}
        aria-controls={LIST_ID}
        aria-activedescendant={isShown && activeAt >= 0 ? `${LIST_ID}-${activeAt}` : undefined}
        aria-describedby={PROBLEM_ID}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        placeholder="Search: words, or host:*.example.com -method:GET status:>=400 since:1h"
        value={text}
        onInput={({ currentTarget: { value, selectionStart } }) => {
          const at = selectionStart ?? value.length;
          typeText(value, at);
          setCaret(at);
          show(true);
        }}
        onKeyDown={onKeyDown}
        onKeyUp={moveCaret}
        onClick={() => {
          moveCaret();
          if (text.trim() === '') show(true);
        }}
        onFocus={() => {
          moveCaret();
          if (text.trim() === '') show(true);
        }}
        onBlur={() => {
          endTyping();
          show(false);
        }}
      />
      {text === '' && <kbd>/</kbd>}
      {text !== '' && (
        <button
          type="button"
          class="clear"
          aria-label="Empty the search"
          onClick={() => {
            typeText('', 0);
            endTyping();
            input.current?.focus();
            show(true);
          }}
        >
          ×
        </button>
      )}
      <OptionList
        id={LIST_ID}
        options={isShown ? options : []}
        active={activeAt}
        onChoose={choose}
        onHover={setActive}
      />
    </div>
  );
}
