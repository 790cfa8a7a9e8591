// One policy file as text, with line numbers and its problems. It is saved only over the text that was
// loaded: who changed it meanwhile is not overwritten.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Trial } from '../../policy/policy-change.ts';
import { ApiError, type TextProblem } from '../kit/api-client.ts';
import { meta } from '../kit/app-state.ts';
import { Dialog } from '../kit/dialog.tsx';
import { SafeText } from '../kit/safe-text.tsx';
import { ChangePreview } from './change-preview.tsx';
import { mayChange, messageOf } from './change-state.ts';
import { DiffView } from './diff-view.tsx';
import { tryChange } from './policy-client.ts';

type EditorProps = {
  readonly file: string;
  readonly text: string;
  readonly etag: string;
  readonly problems: readonly TextProblem[];
  readonly onDirty: (dirty: boolean) => void;
  readonly onReload: () => void;
};

export function FileEditor({ file, text, etag, problems, onDirty, onReload }: EditorProps) {
  const [base, setBase] = useState({ text, etag });
  const [draft, setDraft] = useState(text);
  const [found, setFound] = useState<readonly TextProblem[] | null>(null);
  const [trial, setTrial] = useState<Trial | null>(null);
  const [said, setSaid] = useState('');
  const [saving, setSaving] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const numbers = useRef<HTMLPreElement>(null);
  const dirty = draft !== base.text;
  // A file that changed elsewhere is shown at once, unless something was typed.
  useEffect(() => {
    if (dirty || etag === base.etag) return;
    setBase({ text, etag });
    setDraft(text);
  }, [etag]);
  useEffect(() => onDirty(dirty), [dirty]);
  const ask = {
    path: '/api/policy/replace',
    body: { file, text: draft, etag: base.etag },
  };
  const load = () => {
    setBase({ text, etag });
    setDraft(text);
    setFound(null);
    setTrial(null);
    setSaid('');
    onReload();
  };
  const check = async () => {
    setTrial(null);
    try {
      setTrial(await tryChange(ask));
      setFound([]);
      setSaid('Valid.');
    } catch (error) {
      setFound(error instanceof ApiError ? error.problems : []);
      setSaid(messageOf(error));
    }
  };
  const marked = found ?? (dirty ? [] : problems);
  const lines = draft.split('\n').length;
  const access = mayChange.value;
  return (
    <div class="editor">
      <div class="editor-text">
        <pre class="numbers" ref={numbers} aria-hidden="true">
          {Array.from({ length: lines }, (_, n) => (
            <span class={marked.some(({ line }) => line === n + 1) ? 'marked' : ''}>
              {marked.some(({ line }) => line === n + 1) ? '!' : ' '}
              {String(n + 1).padStart(4)}
              {'\n'}
            </span>
          ))}
        </pre>
        <textarea
          ref={area}
          aria-label={`Text of ${file}`}
          spellcheck={false}
          autocomplete="off"
          wrap="off"
          readOnly={!access.may_change}
          value={draft}
          onInput={({ currentTarget }) => {
            setDraft(currentTarget.value);
            setFound(null);
            setTrial(null);
            setSaid('');
          }}
          onScroll={({ currentTarget }) => {
            if (numbers.current) numbers.current.scrollTop = currentTarget.scrollTop;
          }}
        />
      </div>
      {marked.length > 0 && (
        <ul class="file-problems" aria-label="Problems">
          {marked.map((problem) => (
            <li>
              <button type="button" class="link" onClick={() => goTo(area.current, problem)}>
                line {problem.line}, column {problem.column}
              </button>{' '}
              <SafeText text={problem.message} />
            </li>
          ))}
        </ul>
      )}
      <div class="bar">
        <span class={marked.length > 0 || found?.length === 0 ? 'hint' : 'error'} role="status">
          {marked.length === 0 && <SafeText text={said} />}
        </span>
        {dirty && etag !== base.etag && (
          <span class="error">The file changed meanwhile: what is typed here cannot be saved.</span>
        )}
        <span class="gap" />
        {!access.may_change && <span class="hint">Read only from here: {access.reason}</span>}
        <button type="button" disabled={!dirty && etag === base.etag} onClick={load}>
          Discard
        </button>
        <button type="button" disabled={!access.may_change} onClick={check}>
          Validate
        </button>
        <button
          type="button"
          class="primary"
          disabled={!access.may_change || !dirty}
          onClick={() => setSaving(true)}
        >
          Save…
        </button>
      </div>
      {trial && <DiffView lines={trial.diff} label={`Changes of ${file}`} />}
      {saving && (
        <Dialog title={`Save ${file}?`} onClose={() => setSaving(false)} wide>
          <ChangePreview
            ask={ask}
            verb="Save"
            done={`Saved ${file}`}
            mode={meta.value?.mode ?? ''}
            onDone={() => {
              setSaving(false);
              setFound(null);
              setSaid('');
              // What comes back from the server is what was typed.
              setBase({ text: draft, etag: '' });
              onReload();
            }}
            onCancel={() => setSaving(false)}
          />
        </Dialog>
      )}
    </div>
  );
}

function goTo(area: HTMLTextAreaElement | null, { line, column }: TextProblem): void {
  if (area === null) return;
  const before = area.value.split('\n').slice(0, line - 1);
  const at = before.reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
  area.focus();
  area.setSelectionRange(at, at + 1);
}
