import { on, type TestCase } from './test-case.ts'

const steps = [on('vm-001', 'version')]

export const start: TestCase = {
  name: 'start',
  file: import.meta.filename,
  summary: 'The VMs come up and can be logged in to; they are left running',
  needs: {},
  keepsCluster: true,
  steps,
}

/** xcluster's name for a start without extra ovls; it differs in name only. */
export const startEmpty: TestCase = { ...start, name: 'start_empty', sameAs: start.name }
