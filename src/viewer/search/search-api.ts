// The routes that count: rows over time, and the values they have. Where access is decided: `guard.ts`,
// before any of this runs.

import { Hono } from 'hono';
import { validator } from 'hono/validator';
import { lastOfEach } from '../params.ts';
import type { ViewerEnv } from '../viewer-env.ts';
import { readFacets } from './facets.ts';
import { readHistogram } from './histogram.ts';
import {
  type FacetParams,
  type HistogramParams,
  parseFacetParams,
  parseHistogramParams,
} from './search-params.ts';
import type { Searcher } from './searcher.ts';

export function createSearchApi(searcher: Searcher) {
  return new Hono<ViewerEnv>()
    .get(
      '/api/histogram',
      validator('query', (raw): HistogramParams => lastOfEach(raw)),
      async (c) => {
        const asked = parseHistogramParams(c.req.valid('query'));
        if ('problem' in asked) return c.json({ error: asked.problem }, 400);
        const { signal } = c.req.raw;
        return c.json(await readHistogram(searcher, asked.query, asked.buckets, signal), 200);
      },
    )
    .get(
      '/api/facets',
      validator('query', (raw): FacetParams => lastOfEach(raw)),
      async (c) => {
        const asked = parseFacetParams(c.req.valid('query'));
        if ('problem' in asked) return c.json({ error: asked.problem }, 400);
        return c.json(await readFacets(searcher, asked.query, asked.ask, c.req.raw.signal), 200);
      },
    );
}
