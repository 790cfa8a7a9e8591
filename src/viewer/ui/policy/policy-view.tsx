// The policy: its files, what ends by itself, and what was changed by whom.

import { useEffect, useState } from 'preact/hooks';
import type { PolicyAnswer } from '../../policy/policy-api.ts';
import { meta, noteFailure } from '../kit/app-state.ts';
import { changeCount, messageOf } from './change-state.ts';
import { FileEditor } from './file-editor.tsx';
import { GrantList } from './grant-list.tsx';
import { HistoryList } from './history-list.tsx';
import { fetchPolicy } from './policy-client.ts';

/** Files that can be made here where they are not there yet. */
const MAIN_FILES = ['enforce.yaml', 'blocklist.yaml', 'agents.yaml', 'network.yaml'];

export function PolicyView() {
  const [policy, setPolicy] = useState<PolicyAnswer | null>(null);
  const [problem, setProblem] = useState('');
  const [file, setFile] = useState('enforce.yaml');
  const [dirty, setDirty] = useState(false);
  const [round, setRound] = useState(0);
  const changes = changeCount.value;
  const version = meta.value?.policy_version;
  useEffect(() => {
    let isOld = false;
    fetchPolicy().then(
      (answer) => {
        if (isOld) return;
        setPolicy(answer);
        setProblem('');
      },
      (error) => {
        noteFailure(error);
        if (!isOld) setProblem(messageOf(error));
      },
    );
    return () => {
      isOld = true;
    };
  }, [changes, version, round]);
  if (policy === null) {
    return <main class="policy">{problem ? <p class="error">{problem}</p> : 'Reading…'}</main>;
  }
  const names = [...new Set([...MAIN_FILES, ...Object.keys(policy.files)])];
  const problems = (name: string) => policy.problems.filter((each) => each.file === name);
  return (
    <main class="policy">
      <section class="files" aria-label="Files">
        <div class="bar">
          <h2>Files</h2>
          <span class="hint">
            Mode {policy.mode}
            {policy.version !== null && ` · version ${policy.version} is in force`}
          </span>
        </div>
        <nav class="file-tabs" aria-label="File">
          {names.map((name) => (
            <button
              type="button"
              aria-pressed={name === file}
              disabled={dirty && name !== file}
              title={dirty && name !== file ? 'Save or discard first' : ''}
              onClick={() => setFile(name)}
            >
              {name}
              {problems(name).length > 0 && <b class="error"> !</b>}
              {policy.files[name] === undefined && <span class="hint"> (none)</span>}
            </button>
          ))}
        </nav>
        <FileEditor
          key={file}
          file={file}
          text={policy.files[file] ?? ''}
          etag={policy.etags[file] ?? ''}
          problems={problems(file)}
          onDirty={setDirty}
          onReload={() => setRound(round + 1)}
        />
      </section>
      <aside class="beside" aria-label="Grants and history">
        <GrantList />
        <HistoryList />
      </aside>
    </main>
  );
}
