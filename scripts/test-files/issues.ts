import { usageFailure } from '../errors/failure.ts'

/** A mistake in a test file. */
export interface Issue {
  /** `policy.test.ts:12:5`, or the file alone. */
  readonly location: string
  /** The member: `steps[1].command`; empty for the whole. */
  readonly key: string
  readonly message: string
}

/** `steps[1].command` */
export const describePath = (path: readonly (string | number)[]): string =>
  path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('')

const lineOf = ({ location }: Issue): number => Number(/:(\d+):\d+$/.exec(location)?.[1] ?? 0)

const MOST = 20

/** A failure that lists mistakes, one in a line. */
export function badTest(issues: readonly Issue[]) {
  const lines = [...issues]
    .sort((a, b) => lineOf(a) - lineOf(b))
    .slice(0, MOST)
    .map(({ location, key, message }) => `${location}: ${key ? `${key}: ` : ''}${message}`)
  const more = issues.length > MOST ? [`and ${issues.length - MOST} more`] : []
  return usageFailure('BAD_TEST', [...lines, ...more].join('\n'))
}
