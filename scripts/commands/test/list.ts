import { ALL, testCases } from '../../runner/registry.ts'

/**
 * `test --list`: prints the names of all tests.
 * @param verbose with descriptions
 */
export function listTests(verbose: boolean): void {
  const all = {
    name: ALL,
    summary: 'Every test, once; tests whose requirements are not met are skipped, with the reason',
  }
  const listed = [...testCases, all]
  const width = Math.max(...listed.map(({ name }) => name.length))
  for (const { name, summary } of listed)
    process.stdout.write(verbose ? `${name.padEnd(width)}  ${summary}\n` : `${name}\n`)
}
