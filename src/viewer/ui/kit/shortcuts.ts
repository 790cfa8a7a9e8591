// Which key does what. Pure: facts of a key press in, a name of an action out.

export type Action =
  | 'search'
  | 'next'
  | 'previous'
  | 'down'
  | 'up'
  | 'pageDown'
  | 'pageUp'
  | 'newest'
  | 'oldest'
  | 'open'
  | 'close'
  | 'pause'
  | 'allow'
  | 'block'
  | 'filterFor'
  | 'filterOut'
  | 'choose'
  | 'help';

/** As the help lists them. `single`: a character that typing or dictating could press by accident. */
export const SHORTCUTS: readonly {
  readonly key: string;
  readonly shown: string;
  readonly action: Action;
  readonly single?: true;
  readonly says: string;
}[] = [
  { key: '/', shown: '/', action: 'search', single: true, says: 'Go to the search box' },
  { key: 'j', shown: 'j', action: 'next', single: true, says: 'Show the next (older) record' },
  { key: 'k', shown: 'k', action: 'previous', single: true, says: 'Show the one before (newer)' },
  { key: 'ArrowDown', shown: '↓', action: 'down', says: 'One row down' },
  { key: 'ArrowUp', shown: '↑', action: 'up', says: 'One row up' },
  { key: 'PageDown', shown: 'Page Down', action: 'pageDown', says: 'One screen down' },
  { key: 'PageUp', shown: 'Page Up', action: 'pageUp', says: 'One screen up' },
  { key: 'Home', shown: 'Home', action: 'newest', says: 'To the newest record' },
  { key: 'End', shown: 'End', action: 'oldest', says: 'To the oldest one loaded so far' },
  { key: 'Enter', shown: 'Enter', action: 'open', says: 'Open the record' },
  { key: 'Escape', shown: 'Esc', action: 'close', says: 'Close the record' },
  { key: ' ', shown: 'Space', action: 'pause', single: true, says: 'Pause or resume new rows' },
  { key: 'a', shown: 'a', action: 'allow', single: true, says: 'Allow what this row asked for' },
  { key: 'b', shown: 'b', action: 'block', single: true, says: 'Block what this row asked for' },
  { key: 'f', shown: 'f', action: 'filterFor', single: true, says: 'Only this host' },
  { key: 'x', shown: 'x', action: 'filterOut', single: true, says: 'Without this host' },
  { key: 's', shown: 's', action: 'choose', single: true, says: 'Select the row, for an export' },
  { key: '?', shown: '?', action: 'help', single: true, says: 'This list' },
];

/** Where a key was pressed. */
export type KeyPlace = {
  /** On a button, a link or the like, which have their own Enter and Space. */
  readonly onControl: boolean;
  /** In the detail, where arrows and the like scroll. */
  readonly inDetail: boolean;
  readonly singleKeys: boolean;
};

const SCROLLS: ReadonlySet<Action> = new Set([
  'down',
  'up',
  'pageDown',
  'pageUp',
  'newest',
  'oldest',
]);

/** The action of a key, or null where the key is not the page's. */
export function actionOf(
  key: string,
  { onControl, inDetail, singleKeys }: KeyPlace,
): Action | null {
  const found = SHORTCUTS.find((each) => each.key === key);
  if (found === undefined) return null;
  if (found.single && !singleKeys) return null;
  if (onControl && (key === 'Enter' || key === ' ')) return null;
  if (inDetail && (SCROLLS.has(found.action) || key === ' ' || key === 'Enter')) return null;
  return found.action;
}
