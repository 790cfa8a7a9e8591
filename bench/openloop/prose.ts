// Text of words, some of them far more often than others: for bodies that compress about as text does.
// Pure.

import { randomNumbers } from './schedule.ts';

const SYLLABLES = 'ta re mo li no se ka vi du pe lo ra ti me su no fa ge bi co'.split(' ');
const WORDS = 4000;

/** So many bytes of ASCII, the same for the same seed. A longer text begins with a shorter one. */
export function prose(bytes: number, seed: number): string {
  const vocabulary = makeVocabulary();
  const random = randomNumbers(seed);
  const words: string[] = [];
  for (let length = 0; length < bytes; ) {
    // Cubed, the first words are the most frequent ones by far, as in any language.
    const word = vocabulary[Math.floor(random() ** 3 * WORDS)] ?? '';
    words.push(word);
    length += word.length + 1;
  }
  return `${words.join(' ')} `.slice(0, bytes);
}

function makeVocabulary(): string[] {
  const random = randomNumbers(0);
  return Array.from({ length: WORDS }, (_, n) => {
    const syllables = 1 + Math.floor(random() * (n < 100 ? 2 : 4));
    const pick = () => SYLLABLES[Math.floor(random() * SYLLABLES.length)] ?? '';
    return Array.from({ length: syllables }, pick).join('');
  });
}
