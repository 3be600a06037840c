import { ERROR_CODES } from './codes.ts'
import { EXIT_CODES } from './exit-codes.ts'

const HEAD = `# Errors

A failure is one message on stderr: what failed, where, why, and in parentheses what to do about it.
Scripts compare the exit status. The code identifies the kind of failure in the program, its tests
and issue reports.

## Exit statuses
`

const CODES = `
## Error codes
`

/** docs/errors.md. */
export function errorPage(): string {
  const statuses = EXIT_CODES.map(([code, meaning]) => `| ${code} | ${meaning} |\n`)
  const codes = Object.entries(ERROR_CODES).map(
    ([code, { exit, means }]) => `| \`${code}\` | ${exit.join(' or ')} | ${means} |\n`,
  )
  return [
    HEAD,
    '\n| status | meaning |\n|---|---|\n',
    ...statuses,
    CODES,
    '\n| code | exit status | meaning |\n|---|---|---|\n',
    ...codes,
  ].join('')
}
