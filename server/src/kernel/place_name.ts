import type { Language } from './language.ts';

/** Where an address seems to be, in words of a language, such as `Vienna, Austria`: a guess, for people to look at. Empty where nothing is known. */
export type PlaceName = (ipAddress: string, language: Language) => string;

export const NOWHERE: PlaceName = () => '';
