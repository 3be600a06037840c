import type { Step } from './steps.ts'
import { type CreatedPods, type Needs, numberedPods, type TestCase } from './test-case.ts'

export type ParameterValue = string | number | boolean

/** Values of parameters by name. */
export type Parameters = Readonly<Record<string, ParameterValue>>

/** A test, as its file defines it; of its parameters, each combination of values is a test of its own. */
export interface TestDefinition
  extends Omit<
    TestCase,
    'name' | 'file' | 'needs' | 'cluster' | 'forced' | 'steps' | 'cleanup' | 'pods' | 'parameters'
  > {
  /** By default that of the file, without `.test.ts`. */
  readonly name?: string
  readonly needs?: Needs
  /** Variables of the cluster, unless the user sets others: `__nvm`, `xcluster_NPODS`. `{{name}}` as in steps. */
  readonly cluster?: Variables
  /** Variables of the cluster that the user cannot change. */
  readonly forced?: Variables
  /** A value, or a list of values, by the name of the parameter. `--set` sets others. */
  readonly parameters?: Readonly<Record<string, ParameterValue | readonly ParameterValue[]>>
  readonly steps: Steps
  readonly cleanup?: Steps
  /** The PODs that the steps create. `numbered`: those of `create`, on all workers. */
  readonly pods?: readonly CreatedPods[] | 'numbered'
}

type Variables = Readonly<Record<string, string | number>>

/** With values of parameters; a variable whose parameter is empty is not set. */
const asTexts = (variables: Variables, parameters: Parameters): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(variables)
      .map(([name, value]) => [name, filled(String(value), parameters)] as const)
      .filter(([, value]) => value !== ''),
  )

/** Steps, or a function of the parameters. In texts of steps, `{{name}}` is the value of a parameter. */
export type Steps = readonly StepDefinition[] | ((parameters: Parameters) => readonly StepDefinition[])

/** A step; a text is the name of a step of `netns_test` without arguments, on all workers. */
export type StepDefinition = Step | string

/** A definition with its place. */
export interface TestTemplate {
  readonly name: string
  readonly file: string
  /** Its position among the tests of the file; undefined for built-in tests. */
  readonly position?: number
  readonly definition: TestDefinition
  /** The place in the file of a member of the definition: `policy.test.ts:12:5`. */
  readonly locate?: (path: readonly (string | number)[]) => string | undefined
}

/** Values that the user sets, as text. */
export type SetValues = ReadonlyMap<string, readonly string[]>

/**
 * The tests of a definition: one for each combination of its parameters' values. Parameters with several values are
 * part of their names: `mtu[size=1400]`.
 * @throws ParameterError for a value of the wrong type; what a function for steps throws
 */
export function testsOf(
  { name, file, definition, locate }: TestTemplate,
  set: SetValues = new Map(),
): readonly TestCase[] {
  const { parameters = {}, needs = {}, pods, steps, cleanup, cluster, forced, ...rest } = definition
  const values = Object.entries(parameters).map(([key, value]) => {
    const defaults = Array.isArray(value) ? (value as readonly ParameterValue[]) : [value as ParameterValue]
    const chosen = set.get(key)?.map(text => parse(key, text, defaults[0])) ?? defaults
    return chosen.map(each => [key, each] as const)
  })
  const varying = new Set(values.flatMap(each => (each.length > 1 && each[0] ? [each[0][0]] : [])))
  return combinations(values).map(combination => {
    const own: Parameters = Object.fromEntries(combination)
    const shown = combination.filter(([key]) => varying.has(key)).map(([key, value]) => `${key}=${value}`)
    return {
      ...rest,
      name: shown.length > 0 ? `${name}[${shown.join(',')}]` : name,
      file,
      needs,
      ...(cluster && { cluster: asTexts(cluster, own) }),
      ...(forced && { forced: asTexts(forced, own) }),
      steps: stepsFor(steps, own),
      ...(cleanup && { cleanup: stepsFor(cleanup, own) }),
      ...(pods && { pods: pods === 'numbered' ? [numberedPods('workers')] : pods }),
      ...(combination.length > 0 && { parameters: own }),
      ...(locate && { locate }),
    }
  })
}

const combinations = <T>(lists: readonly (readonly T[])[]): readonly (readonly T[])[] =>
  lists.reduce<readonly (readonly T[])[]>(
    (all, list) => all.flatMap(before => list.map(each => [...before, each])),
    [[]],
  )

/** A value that a parameter cannot have. */
export class ParameterError extends Error {}

/** A text as a value of the type of another. @throws ParameterError */
function parse(key: string, text: string, like: ParameterValue | undefined): ParameterValue {
  if (typeof like === 'number') {
    if (text.trim() !== '' && Number.isFinite(Number(text))) return Number(text)
    throw new ParameterError(`${key}=${text}: not a number`)
  }
  if (typeof like === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true'
    throw new ParameterError(`${key}=${text}: neither true nor false`)
  }
  return text
}

const stepsFor = (steps: Steps, parameters: Parameters): readonly Step[] =>
  (typeof steps === 'function' ? steps(parameters) : steps).map(step =>
    filled(typeof step === 'string' ? { name: step } : step, parameters),
  )

/** Replaces `{{name}}` in all texts. Other braces are kept: they may belong to a command. */
function filled<T>(value: T, parameters: Parameters): T {
  if (typeof value === 'string')
    return value.replaceAll(/\{\{\s*([\w-]+)\s*\}\}/g, (all, name: string) => String(parameters[name] ?? all)) as T
  if (Array.isArray(value)) return value.map(each => filled(each, parameters)) as T
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each, parameters)])) as T
}
