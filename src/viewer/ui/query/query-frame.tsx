// What stands round the list: the query above it, the histogram, and the facets at its left.

import type { ComponentChildren, RefObject } from 'preact';
import { FacetsPanel } from './facets-panel.tsx';
import { Histogram } from './histogram.tsx';
import { Toolbar } from './toolbar.tsx';

type QueryFrameProps = {
  readonly searchRef: RefObject<HTMLInputElement | null>;
  /** The list. */
  readonly children: ComponentChildren;
};

export function QueryFrame({ searchRef, children }: QueryFrameProps) {
  return (
    <>
      <Toolbar searchRef={searchRef} />
      <div class="query-frame">
        <FacetsPanel />
        <div class="query-main">
          <Histogram />
          {children}
        </div>
      </div>
    </>
  );
}
