/** The environment of the process, or one that a test made up. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of this process: read here and handed on, so that nothing depends on it unseen. */
export const callersEnvironment: Environment = process.env
