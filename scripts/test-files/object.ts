import * as v from 'valibot'
import { didYouMean } from '../errors/suggest.ts'

/** An object without other members, whose messages say what would be right. */
export function object<T extends v.ObjectEntries>(entries: T) {
  const keys = Object.keys(entries)
  return v.strictObject(entries, issue => {
    const key = String(issue.path?.at(-1)?.key ?? '')
    if (issue.expected === 'never') {
      const hint = didYouMean(key, keys) ?? `keys are ${keys.join(', ')}`
      return `unknown key (${hint})`
    }
    if (issue.received === 'undefined' && keys.includes(key)) return 'is missing'
    return `an object of ${keys.join(', ')} is needed`
  })
}

/** Text that is not empty. */
export const text = v.pipe(v.string('a text is needed'), v.nonEmpty('must not be empty'))

/** One or several. */
export const oneOrMore = <T extends v.GenericSchema>(schema: T, message: string) =>
  v.union([schema, v.pipe(v.array(schema), v.minLength(1))], message)

export const whole = (least: number, most: number) => {
  const message = `a whole number from ${least} to ${most} is needed`
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message))
}

export const seconds = v.pipe(v.number('a number of seconds is needed'), v.minValue(0, 'at least 0'))
