import type { Environment } from '../settings/sources.ts'

/** The environment of this process: read here and handed on, so that nothing depends on it unseen. */
export const callersEnvironment: Environment = process.env
