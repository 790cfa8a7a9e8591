// One field of the facets: its values with their numbers.

import type { QueryField } from '../../../shared/query.ts';
import { visibleText } from '../../../shared/visible-text.ts';
import type { FacetValue } from '../../search/facets.ts';
import { CLASS_LABELS } from '../kit/explain.ts';
import { ClassIcon } from '../kit/icons.tsx';
import { SafeText } from '../kit/safe-text.tsx';
import { editQuery } from './draft.ts';
import { filterFor, filterOut, stateOf } from './edit-query.ts';
import { FEW_VALUES } from './facet-requests.ts';

type FacetGroupProps = {
  readonly field: QueryField;
  readonly q: string;
  /** Null: not counted yet. */
  readonly values: readonly FacetValue[] | null;
  readonly isOpen: boolean;
  readonly hasMore: boolean;
  readonly onFold: () => void;
  readonly onMore: () => void;
};

export function FacetGroup(props: FacetGroupProps) {
  const { field, q, values, isOpen, hasMore, onFold, onMore } = props;
  const named = (values ?? []).filter(({ value }) => value !== '');
  const most = Math.max(1, ...named.map(({ count }) => count));
  return (
    <section class="facet">
      <h2>
        <button type="button" class="fold" aria-expanded={isOpen} onClick={onFold}>
          {field}
        </button>
      </h2>
      {isOpen && (
        <ul aria-label={`Values of ${field}`}>
          {named.map(({ value, count }) => (
            <ValueItem key={value} field={field} q={q} value={value} count={count} most={most} />
          ))}
        </ul>
      )}
      {isOpen && values !== null && named.length === 0 && <p class="hint">none</p>}
      {isOpen && (hasMore || named.length >= FEW_VALUES) && (
        <button
          type="button"
          class="more"
          onClick={onMore}
          aria-label={`${hasMore ? 'Fewer' : 'More'} values of ${field}`}
        >
          {hasMore ? 'fewer' : 'more'}
        </button>
      )}
    </section>
  );
}

type ValueItemProps = {
  readonly field: QueryField;
  readonly q: string;
  readonly value: string;
  readonly count: number;
  readonly most: number;
};

function ValueItem({ field, q, value, count, most }: ValueItemProps) {
  const state = stateOf(q, field, value);
  const label = field === 'class' ? CLASS_LABELS[value as keyof typeof CLASS_LABELS] : undefined;
  const text = visibleText(label ?? value);
  const onClick = (event: MouseEvent) => {
    const isOut = event.altKey || event.ctrlKey || event.metaKey;
    editQuery((query) => (isOut ? filterOut : filterFor)(query, field, value));
  };
  return (
    <li class={`facet-value ${state}`}>
      <button
        type="button"
        data-facet
        class="for"
        aria-pressed={state === 'in'}
        title={`${text}\nClick: filter for it. Alt or Ctrl + click: filter it out.`}
        onClick={onClick}
      >
        <svg class="share" aria-hidden="true">
          <rect width={`${Math.max(1, (count / most) * 100)}%`} height="100%" rx="2" />
        </svg>
        {label !== undefined && <ClassIcon name={value as keyof typeof CLASS_LABELS} />}
        <span class="name">
          {state === 'in' && <span class="state">✓ </span>}
          {state === 'out' && <span class="state">not </span>}
          <SafeText text={label ?? value} />
        </span>
        <span class="count" title={String(count)}>
          {` ${shortCount(count)}`}
        </span>
      </button>
      <button
        type="button"
        data-facet
        class="out"
        tabIndex={-1}
        aria-pressed={state === 'out'}
        aria-label={`Filter out ${text}`}
        title={state === 'out' ? 'No longer filter it out' : 'Filter it out'}
        onClick={() => editQuery((query) => filterOut(query, field, value))}
      >
        −
      </button>
    </li>
  );
}

/** `812`, `12.3k`, `1.2M`. */
function shortCount(count: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(
    count,
  );
}
