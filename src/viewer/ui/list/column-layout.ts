// The columns as this browser remembers them.

import { remembered } from '../kit/preferences.ts';
import { type Layout, parseLayout } from './columns.ts';

export const layout = remembered<Layout>('columns', parseLayout);
