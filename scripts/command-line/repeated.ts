/** For options that can be repeated: commander's parser of one more value. */
export const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]
