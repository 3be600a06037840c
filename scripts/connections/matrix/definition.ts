import type { TestDefinition } from '../../cases/definition.ts'

/** The proof alone, for PODs that exist already. */
export default {
  summary: 'Every POD of a running cluster reaches every other (with --no-start)',
  needs: { running: true },
  steps: [],
  reach: 'all',
} satisfies TestDefinition
