// Asks before an entry is taken out of a list, with what would come of it.

import { meta } from '../kit/app-state.ts';
import { Dialog } from '../kit/dialog.tsx';
import { SafeText } from '../kit/safe-text.tsx';
import { ChangePreview } from './change-preview.tsx';
import { removeAsk } from './remove-ask.ts';

type RemoveProps = {
  readonly entry: { readonly file: string; readonly host: string; readonly line: number };
  readonly onClose: () => void;
};

export function RemoveDialog({ entry, onClose }: RemoveProps) {
  const ask = removeAsk(entry);
  if (ask === null) return null;
  return (
    <Dialog title="Remove this entry?" onClose={onClose} wide>
      <p class="sentence">
        <code>
          <SafeText text={`${entry.file}:${entry.line} ${entry.host}`} />
        </code>
      </p>
      <ChangePreview
        ask={ask}
        verb="Remove"
        done={`Removed ${entry.host} from ${entry.file}`}
        mode={meta.value?.mode ?? ''}
        danger
        onDone={onClose}
        onCancel={onClose}
      />
    </Dialog>
  );
}
