import type { TestCase } from './test-case.ts'

/** The proof alone, on what somebody has set up. */
export const matrix: TestCase = {
  name: 'matrix',
  file: import.meta.filename,
  summary: 'Every POD of the cluster that runs reaches every other (with --no-start)',
  needs: { running: true },
  steps: [],
  reach: 'all',
}
