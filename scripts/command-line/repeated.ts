/** Commander's parser for repeatable options. */
export const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]
