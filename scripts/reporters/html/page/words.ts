import type { ReportVerdict, TestData } from '../data.ts'

/** Meanings of verdicts. */
export const MEANINGS: Readonly<Record<ReportVerdict, string>> = {
  passed: 'passed',
  flaky: 'flaky: passed on a retry',
  failed: 'failed',
  broken: 'broken: failed outside of the tested network',
  interrupted: 'interrupted',
  skipped: 'skipped',
}

/** `850 ms`, `12.3 s`, `2 min 5 s` */
export function duration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(milliseconds < 9950 ? 2 : 1)} s`
  const seconds = Math.round(milliseconds / 1000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** An offset: `+3.21 s`. */
export const since = (milliseconds: number): string => `+${(milliseconds / 1000).toFixed(2)} s`

/** `1 pair`, `2 pairs` */
export const count = (number: number, one: string, many = `${one}s`): string =>
  `${number.toLocaleString('en')} ${number === 1 ? one : many}`

/** A test's name, with repeat and attempt if there are several. */
export function titleOf({ name, attempt, attempts, repeat, repeats }: TestData): string {
  const turns = [
    ...(repeats > 1 ? [`repeat ${repeat} of ${repeats}`] : []),
    ...(attempts > 1 ? [`attempt ${attempt} of ${attempts}`] : []),
  ]
  return turns.length > 0 ? `${name} (${turns.join(', ')})` : name
}

/** Local date and time, to the second, in a form that sorts. */
export function dateTime(at: number): string {
  const date = new Date(at)
  const [year, month, day] = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
  const two = (number: number) => String(number).padStart(2, '0')
  return `${year}-${two(month)}-${two(day)} ${date.toTimeString().slice(0, 8)}`
}

/** The id of a test's section, and of a part of it. */
export const sectionId = (test: number, part?: string): string =>
  part ? `test-${test + 1}-${part}` : `test-${test + 1}`
