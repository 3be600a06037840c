import type { Verdict } from './events.ts'
import { isFlaky } from './outcomes.ts'
import type { RunRecord } from './record.ts'

export type KernelVerdict = Verdict | 'flaky' | 'skipped' | 'not run'

/** A run on several kernels as a table: a row for each test, a column for each kernel. */
export interface KernelTable {
  /** Names of the kernels, each with the version that ran, if any test started on it. */
  readonly kernels: readonly { readonly name: string; readonly version: string | undefined }[]
  readonly rows: readonly { readonly test: string; readonly verdicts: readonly KernelVerdict[] }[]
}

/** Worst first: a repeated test has its worst verdict. */
const WORST: readonly KernelVerdict[] = ['failed', 'broken', 'interrupted', 'flaky', 'passed']

/** @returns undefined for a run on a single kernel */
export function kernelTable({
  kernels,
  planned,
  tests,
  skipped,
}: Pick<RunRecord, 'kernels' | 'planned' | 'tests' | 'skipped'>): KernelTable | undefined {
  if (kernels.length === 0) return undefined
  const endOf = (kernel: string) => `@${kernel}`
  const verdictOf = (name: string): KernelVerdict => {
    const found = tests.filter(each => each.test === name && !each.retried)
    const verdicts = found.map(each => (isFlaky(each) ? 'flaky' : each.verdict))
    const isSkipped = skipped.some(each => each.test === name)
    return WORST.find(verdict => verdicts.includes(verdict as Verdict)) ?? (isSkipped ? 'skipped' : 'not run')
  }
  const versionOf = (kernel: string) =>
    tests
      .filter(({ test }) => test.endsWith(endOf(kernel)))
      .flatMap(({ components }) => components)
      .find(({ name }) => name === 'guest kernel')?.version
  const [first = ''] = kernels
  const names = planned.filter(name => name.endsWith(endOf(first))).map(name => name.slice(0, -endOf(first).length))
  return {
    kernels: kernels.map(name => ({ name, version: versionOf(name) })),
    rows: names.map(test => ({ test, verdicts: kernels.map(kernel => verdictOf(test + endOf(kernel))) })),
  }
}

/** Heading of a kernel's column: `6.12 (6.12.90+deb13-cloud-amd64)`. */
export const kernelHeading = ({ name, version }: KernelTable['kernels'][number]): string =>
  version === undefined || version === name ? name : `${name} (${version})`
