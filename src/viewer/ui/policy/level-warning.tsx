// The warning that a change does more than its lines say, and the tick that it is meant.

import { SafeText } from '../kit/safe-text.tsx';
import type { LevelTexts } from './level-text.ts';

export type LevelWarningProps = LevelTexts & {
  readonly confirmed: boolean;
  readonly onConfirm: (on: boolean) => void;
};

export function LevelWarning({ loosens, tightens, confirmed, onConfirm }: LevelWarningProps) {
  if (loosens.length + tightens.length === 0) return null;
  return (
    <section aria-label="Other entries">
      {[...loosens, ...tightens].map((text) => (
        <p class="warn-text" key={text}>
          <SafeText text={text} />
        </p>
      ))}
      {loosens.length > 0 && (
        <label class="choice">
          <input
            type="checkbox"
            checked={confirmed}
            onChange={({ currentTarget }) => onConfirm(currentTarget.checked)}
          />
          More may pass than before: this is meant
        </label>
      )}
    </section>
  );
}
