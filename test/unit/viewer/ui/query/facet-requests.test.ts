import { describe, expect, it } from 'vitest';
import { facetRequests } from '../../../../../src/viewer/ui/query/facet-requests.ts';

describe('facetRequests', () => {
  it('asks once for all fields that the query does not name', () => {
    expect(facetRequests('word', ['host', 'method'], [])).toEqual([
      { q: 'word', fields: ['host', 'method'], limit: 10 },
    ]);
  });

  it('counts a field that the query names without its own terms', () => {
    expect(facetRequests('a host:b -host:c', ['host', 'method'], [])).toEqual([
      { q: 'a', fields: ['host'], limit: 10 },
      { q: 'a host:b -host:c', fields: ['method'], limit: 10 },
    ]);
  });

  it('asks for more of one field apart', () => {
    expect(facetRequests('', ['host', 'method'], ['host'])).toEqual([
      { q: '', fields: ['host'], limit: 50 },
      { q: '', fields: ['method'], limit: 10 },
    ]);
    expect(facetRequests('', [], [])).toEqual([]);
  });
});
