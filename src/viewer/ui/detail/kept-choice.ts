// How a person likes to see a record, kept in the browser: nothing of the record, and no place of it.

import { oneOf, remembered } from '../kit/preferences.ts';

export const layout = remembered('detail.layout', (value) => oneOf(['side', 'tabs'], value));
export const headerOrder = remembered('detail.headers', (value) => oneOf(['raw', 'sorted'], value));
