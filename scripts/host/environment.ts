export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of this process. Passed as an argument where possible, so that dependencies on it are visible. */
export const callersEnvironment: Environment = process.env
