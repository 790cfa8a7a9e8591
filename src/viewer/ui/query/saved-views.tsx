// Queries with a name, and the last ones: a small panel beside the box, to open, keep and forget.

import { useState } from 'preact/hooks';
import { visibleText } from '../../../shared/visible-text.ts';
import { page } from '../kit/app-state.ts';
import { Menu } from '../kit/menu.tsx';
import { SafeText } from '../kit/safe-text.tsx';
import { editQuery } from './draft.ts';
import { clearHistory, history, removeView, saveView, views } from './query-store.ts';

export function SavedViews() {
  return (
    <Menu label="Views" panel="saved-panel">
      {(close) => <Panel onChosen={close} />}
    </Menu>
  );
}

function Panel({ onChosen }: { onChosen: () => void }) {
  const { q } = page.value;
  const choose = (query: string) => {
    editQuery(() => query);
    onChosen();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: nothing is sent as a form, and a dialog is no choice of many
    <div role="group" aria-label="Saved views">
      <h2>Saved views</h2>
      {views.value.length === 0 && <p class="hint">None yet. A view is a search with a name.</p>}
      <ul>
        {views.value.map((view) => (
          <li key={view.name}>
            <button type="button" class="open-view" onClick={() => choose(view.q)}>
              <b>
                <SafeText text={view.name} />
              </b>
              <code>
                <SafeText text={view.q} />
              </code>
            </button>
            <button
              type="button"
              class="small"
              aria-label={`Remove the view ${visibleText(view.name)}`}
              onClick={() => removeView(view.name)}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      {q !== '' && <SaveForm q={q} />}
      {history.value.length > 0 && (
        <p class="history">
          <span class="hint">
            {history.value.length} earlier{' '}
            {history.value.length === 1 ? 'search is' : 'searches are'} offered in the empty box.
          </span>
          <button type="button" class="small" onClick={clearHistory}>
            Forget them
          </button>
        </p>
      )}
    </div>
  );
}

function SaveForm({ q }: { q: string }) {
  const [name, setName] = useState('');
  const isNamed = name.trim() !== '';
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!isNamed) return;
        saveView(name, q);
        setName('');
      }}
    >
      <input
        type="text"
        maxLength={60}
        aria-label="Name of the view"
        placeholder="Name for this search"
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <button type="submit" disabled={!isNamed}>
        Save
      </button>
    </form>
  );
}
