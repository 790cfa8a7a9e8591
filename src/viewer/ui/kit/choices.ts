// What can be chosen about how the page looks. Pure: where a choice is kept is `preferences.ts`.

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** By the clock, or by how long ago. */
export const TIME_FORMS = ['clock', 'ago'] as const;
export type TimeForm = (typeof TIME_FORMS)[number];
