import * as v from 'valibot'
import { ruleSet } from '../proof/rules/schema.ts'
import { PACKAGE_NAME } from '../settings/guest.ts'
import { LINK_KINDS } from '../settings/pod-facts.ts'
import { object, text, whole } from './object.ts'
import { steps } from './step-schema.ts'

const NAME = /^[A-Za-z][\w.-]*$/

const count = whole(0, 99)

/** `workers`, or nodes by name. */
const byNode = v.pipe(
  v.record(v.string(), whole(0, 31)),
  v.check(
    value => Object.keys(value).every(key => key === 'workers' || /^vm-\d{3}$/.test(key)),
    'keys are workers or vm-<number>',
  ),
)

const YES_NO = v.picklist(['yes', 'no'], 'yes or no')

const needs = object({
  running: v.optional(v.literal(true, 'true is needed')),
  plugins: v.optional(v.literal(true, 'true is needed')),
  net: v.optional(count),
  links: v.optional(v.array(byNode)),
  nics: v.optional(byNode),
  kinds: v.optional(v.array(v.picklist(LINK_KINDS, `kinds are ${LINK_KINDS.join(', ')}`))),
  commands: v.optional(v.array(text)),
  kernel: v.optional(
    v.pipe(v.string('a version in quotes is needed'), v.regex(/^\d+(\.\d+)*$/, 'a version is needed: "6.1"')),
  ),
  pods: v.optional(
    object({
      addresses: v.picklist(['node', 'random', 'pool', 'bridges'], 'node, random, pool or bridges'),
      rndadr: v.optional(YES_NO),
      veth: v.optional(v.literal(true, 'true is needed')),
      prefixes: v.optional(v.array(text)),
    }),
  ),
})

const where = v.pipe(v.string(), v.regex(/^(workers|vm-\d{3})$/, 'workers or vm-<number> is needed'))

const pods = v.union(
  [
    v.literal('numbered'),
    v.array(
      object({
        where,
        names: v.union([
          v.array(text),
          v.custom<() => unknown>(value => typeof value === 'function', 'names or a function is needed'),
        ]),
      }),
    ),
  ],
  'numbered, or a list of { where, names } is needed',
)

const sides = object({ sides: v.array(v.array(text)) })

const reach = v.lazy(input => {
  if (input === undefined) return v.union([v.picklist(['all', 'node']), sides, ruleSet])
  if (typeof input !== 'object')
    return v.picklist(['all', 'node'], 'all, node, an object with sides, or one with rules')
  return input !== null && 'sides' in input && !('rules' in input) ? sides : ruleSet
})

const value = v.union([v.string(), v.number(), v.boolean()], 'a text, a number, true or false')

const scalar = v.union([v.string(), v.number()], 'a text or a number is needed')

/** Variables of the cluster: `__nvm`, `xcluster_NPODS`, `TOPOLOGY`. */
const variables = v.record(v.pipe(v.string(), v.regex(/^[A-Za-z_]\w*$/, 'the name of a variable is needed')), scalar)

/** A test, as its file defines it. */
export const testSchema = object({
  name: v.optional(v.pipe(text, v.regex(NAME, 'a name of letters, digits, _, . and - is needed'))),
  summary: text,
  needs: v.optional(needs),
  packages: v.optional(
    v.array(v.pipe(v.string(), v.regex(PACKAGE_NAME, 'the name of a Debian package is needed')), 'a list is needed'),
  ),
  cluster: v.optional(variables),
  forced: v.optional(variables),
  keepsCluster: v.optional(v.literal(true, 'true is needed')),
  parameters: v.optional(
    v.record(
      v.pipe(v.string(), v.regex(/^[\w-]+$/, 'a name of letters, digits, _ and - is needed')),
      v.union([value, v.pipe(v.array(value), v.minLength(1))], 'a value or a list of values is needed'),
    ),
  ),
  labels: v.optional(v.record(text, v.pipe(v.array(text, 'a list of names is needed'), v.minLength(1)))),
  pods: v.optional(pods),
  steps,
  reach: v.optional(reach),
  cleanup: v.optional(steps),
})
