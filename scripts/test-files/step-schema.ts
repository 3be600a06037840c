import * as v from 'valibot'
import { object, oneOrMore, seconds, text, whole } from './object.ts'

const ROLES = ['worker', 'router', 'tester'] as const

const terms = v.pipe(
  object({
    pod: v.optional(text),
    number: v.optional(oneOrMore(whole(1, 9999), 'a number or a list of numbers is needed')),
    node: v.optional(text),
    role: v.optional(v.picklist(ROLES, ROLES.join(', '))),
    label: v.optional(text),
  }),
  v.check(selector => Object.keys(selector).length > 0, 'one of pod, number, node, role and label is needed'),
)

const one = v.lazy(input => {
  if (typeof input === 'object' && input !== null) return terms
  const word = v.union([text, whole(1, 9999)], 'a name, a number, an object of terms, or a list of these is needed')
  return input === undefined ? v.union([word, terms]) : word
})

/** Selects nodes or PODs. */
export const selector = v.lazy(input => {
  if (Array.isArray(input)) return v.pipe(v.array(one), v.minLength(1, 'must not be empty'))
  return input === undefined ? v.union([one, v.array(one)]) : one
})

const words = v.union(
  [text, v.pipe(v.array(v.string()), v.minLength(1))],
  'lines for a shell, or a list of words is needed',
)

/** A text or a regular expression. */
const pattern = v.union([v.string(), v.instance(RegExp)], 'a text or a regular expression is needed')
const patterns = oneOrMore(pattern, 'a text, a regular expression, or a list of these is needed')

const PORT = /^((tcp|udp)\/)?([1-9]\d{0,4})$/

const port = v.pipe(
  v.union([v.number(), v.string()], 'a port is needed: 80, tcp/80 or udp/53'),
  v.check(value => {
    const match = PORT.exec(String(value))
    return match !== null && Number(match[3]) <= 65_535
  }, 'a port is needed: 80, tcp/80 or udp/53'),
)

const file = v.pipe(
  object({
    to: v.pipe(text, v.startsWith('/', 'an absolute path is needed')),
    from: v.optional(text),
    text: v.optional(v.string('a text is needed')),
    mode: v.optional(
      v.pipe(v.string('an octal mode in quotes is needed'), v.regex(/^0?[0-7]{3}$/, 'an octal mode is needed: "755"')),
    ),
  }),
  v.check(({ from, text: own }) => (from === undefined) !== (own === undefined), 'either from or text is needed'),
)

const status = whole(0, 255)

const expected = object({
  status: v.optional(
    v.union(
      [status, v.pipe(v.array(status), v.minLength(1)), v.literal('any')],
      'an exit status, a list of these, or any',
    ),
  ),
  stdout: v.optional(patterns),
  stderr: v.optional(patterns),
  withinSeconds: v.optional(seconds),
})

const background = v.pipe(object({ line: v.optional(pattern), port: v.optional(port), file: v.optional(text) }))

const command = v.pipe(
  object({
    name: v.optional(text),
    command: words,
    on: v.optional(selector),
    in: v.optional(selector),
    environment: v.optional(v.record(v.string(), v.string('a text is needed'))),
    input: v.optional(v.string('a text is needed')),
    files: v.optional(v.array(file)),
    expect: v.optional(expected),
    timeoutSeconds: v.optional(seconds),
    background: v.optional(background),
  }),
  v.check(({ on, in: pods }) => on === undefined || pods === undefined, 'either on or in, not both'),
  v.check(
    step => !(step.background && (step.expect ?? step.input) !== undefined),
    'a command in the background has no expect and no input',
  ),
)

const stepName = v.pipe(text, v.regex(/^\w+$/, 'the name of a step of netns_test is needed, or { command: … }'))

const builtIn = object({
  name: stepName,
  arguments: v.optional(v.array(v.string('a text is needed'))),
  where: v.optional(selector),
})

const callable = v.custom<() => unknown>(value => typeof value === 'function', 'a function is needed')

const ofFunction = object({ name: text, where: v.optional(selector), run: callable })

const has = (input: unknown, key: string) => typeof input === 'object' && input !== null && key in input

/** The schema of the kind of step that an input is meant to be: its messages are about that kind. */
const step = v.lazy(input => {
  if (input === undefined) return v.union([stepName, builtIn, command])
  if (typeof input === 'string') return stepName
  if (has(input, 'run')) return ofFunction
  return has(input, 'command') || ['on', 'in', 'expect', 'background'].some(key => has(input, key)) ? command : builtIn
})

/** Steps of a test, or a function that returns them. */
export const steps = v.lazy(input =>
  typeof input === 'function' ? callable : v.array(step, 'a list of steps is needed'),
)
