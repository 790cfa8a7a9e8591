// The values of the log's fields with their numbers, at the left of the list: to filter for and out.

import { signal } from '@preact/signals';
import type { FacetField, Facets } from '../../search/facets.ts';
import { page, paused } from '../kit/app-state.ts';
import { formatTime } from '../kit/format.ts';
import { isMedium } from '../kit/media.ts';
import { remembered } from '../kit/preferences.ts';
import { FacetGroup } from './facet-group.tsx';
import { facetRequests, SHOWN_FIELDS } from './facet-requests.ts';
import { fetchFacets } from './facets-client.ts';
import { useRefreshed } from './use-refreshed.ts';

// Where there is no room beside the list the panel lies over it, and is closed at first.
const wideOpen = remembered('facets', (value) => value !== false);
const narrowOpen = signal(false);
const folded = remembered('facets-folded', namesOf);
const more = signal<readonly FacetField[]>([]);

/** Shows and hides the panel. */
export function FacetsToggle() {
  const open = isMedium.value ? narrowOpen : wideOpen;
  return (
    <button
      type="button"
      class="facets-toggle"
      aria-expanded={open.value}
      aria-controls="facets"
      onClick={() => {
        open.value = !open.value;
      }}
    >
      Facets
    </button>
  );
}

export function FacetsPanel() {
  const open = isMedium.value ? narrowOpen.value : wideOpen.value;
  return open ? <Panel /> : <aside id="facets" aria-label="Facets" hidden />;
}

function Panel() {
  const { q } = page.value;
  const shown = SHOWN_FIELDS.filter((field) => !folded.value.includes(field));
  const requests = facetRequests(q, shown, more.value);
  const ask = (abort: AbortSignal) => fetchAll(requests, abort);
  const { answer: facets, isCurrent } = useRefreshed(
    requests.length === 0 ? '' : JSON.stringify(requests),
    ask,
    paused.value,
  );
  return (
    <aside
      id="facets"
      class="facets"
      aria-label="Facets"
      aria-busy={!isCurrent}
      onKeyDown={moveFocus}
    >
      {SHOWN_FIELDS.map((field) => (
        <FacetGroup
          key={field}
          field={field}
          q={q}
          values={facets?.fields[field] ?? null}
          isOpen={shown.includes(field)}
          hasMore={more.value.includes(field)}
          onFold={() => {
            folded.value = toggled(folded.value, field);
          }}
          onMore={() => {
            more.value = toggled(more.value, field);
          }}
        />
      ))}
      {facets?.complete === false && (
        <p class="facets-note warn-text" role="status">
          Counted{' '}
          {facets.searched_back_to !== null &&
            `back to ${formatTime(facets.searched_back_to, new Date())}`}
          : what is older is not in these numbers yet.
        </p>
      )}
    </aside>
  );
}

/** The answers to several questions as one; the least complete says how far all of them go. */
async function fetchAll(
  requests: ReturnType<typeof facetRequests>,
  abort: AbortSignal,
): Promise<Facets> {
  const counted = await Promise.all(requests.map((request) => fetchFacets(request, abort)));
  const cut = counted.filter(({ complete }) => !complete);
  const backTo = cut.flatMap(({ searched_back_to }) => searched_back_to ?? []);
  return {
    fields: Object.assign({}, ...counted.map(({ fields }) => fields)),
    total: Math.max(0, ...counted.map(({ total }) => total)),
    complete: cut.length === 0,
    searched_back_to: backTo.length === 0 ? null : Math.max(...backTo),
  };
}

/** Up and down: the next value; right and left: between a value and its *not*. */
function moveFocus(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  if (event.key === 'Escape' && isMedium.value) {
    event.stopPropagation();
    narrowOpen.value = false;
    document.querySelector<HTMLElement>('.facets-toggle')?.focus();
    return;
  }
  const step = { ArrowDown: 2, ArrowUp: -2, ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-facet]')];
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  if (step === undefined || at < 0) return;
  event.preventDefault();
  event.stopPropagation();
  const isAcross = Math.abs(step) === 1;
  const isWithin = !isAcross || at % 2 === (step === 1 ? 0 : 1);
  if (isWithin) buttons[at + step]?.focus();
}

function namesOf(kept: unknown): readonly FacetField[] {
  return Array.isArray(kept)
    ? SHOWN_FIELDS.filter((field) => (kept as readonly unknown[]).includes(field))
    : [];
}

function toggled<T>(list: readonly T[], each: T): readonly T[] {
  return list.includes(each) ? list.filter((other) => other !== each) : [...list, each];
}
