import { usageFailure } from '../errors/failure.ts'
import type { Environment } from '../host/environment.ts'
import { ownVariable, ownVariables, readYesNo } from './variables.ts'

/**
 * Where a value comes from. `variable`: an `XCLUSTER_NETNS_<OPTION>`; `environment`: a variable of xcluster; `running`:
 * the running cluster; `test`: the test's defaults; `topology`: $TOPOLOGY; `xcluster`: the output of `$XCLUSTER env`;
 * `random`: drawn for the run.
 */
export type Origin =
  | 'option'
  | 'variable'
  | 'environment'
  | 'running'
  | 'test'
  | 'topology'
  | 'xcluster'
  | 'random'
  | 'default'

export interface Layer {
  readonly origin: Origin
  readonly values: Environment
}

/** One effective setting, as `./netns.ts env` shows it. */
export interface Setting {
  /** Name of the variable in xcluster's spelling: `__nvm`, `xcluster_NPODS`. */
  readonly name: string
  readonly value: string
  readonly origin: Origin
}

/** True if a value of `$CI` means that this is a CI pipeline. */
export const isCi = (value: string | undefined): boolean => !['', 'false', '0'].includes(value ?? '')

/**
 * The user's layers in order of precedence: options, the variables of options, xcluster's variables.
 * @param options values of the command line by variable name
 */
export function userLayers(options: Environment, environment: Environment): readonly Layer[] {
  return [
    { origin: 'option', values: options },
    { origin: 'variable', values: ownVariables(environment) },
    { origin: 'environment', values: environment },
  ]
}

/** Looks up values in layers, of which the first takes precedence, and records the origin of each. */
export class Sources {
  readonly seen: Setting[] = []
  readonly #layers: readonly Layer[]

  constructor(layers: readonly Layer[]) {
    this.#layers = layers
  }

  /** The value of a variable, or `fallback` when it is unset or empty. */
  text(name: string, fallback: string): string {
    const setting = this.#find(name, fallback)
    this.seen.push(setting)
    return setting.value
  }

  /** As {@link text}, but uses only values of one origin. */
  textFrom(origin: Origin, name: string, fallback: string): string {
    const value = this.valuesFrom(origin)[name]
    this.seen.push(value ? { name, value, origin } : { name, value: fallback, origin: 'default' })
    return value ?? fallback
  }

  /** Records the values of some origins that have not been looked up. */
  recordFrom(...origins: readonly Origin[]): void {
    const recorded = new Set(this.seen.map(({ name }) => name))
    for (const name of Object.keys(this.valuesFrom(...origins)).sort()) if (!recorded.has(name)) this.text(name, '')
  }

  /**
   * A whole number in a range.
   * @throws Failure BAD_VALUE (exit 2) naming the variable or option, the value and the range
   */
  integer(name: string, fallback: number, min: number, max: number): number {
    const { value, origin } = this.#find(name, String(fallback))
    const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
    if (!(number >= min && number <= max)) {
      throw badValue(name, value, origin, `a whole number from ${min} to ${max}`)
    }
    this.seen.push({ name, value: String(number), origin })
    return number
  }

  /**
   * A boolean. In xcluster's variables anything but `yes` is false; an `XCLUSTER_NETNS_*` is checked.
   * @throws Failure BAD_VALUE (exit 2)
   */
  flag(name: string): boolean {
    const { value, origin } = this.#find(name, 'no')
    const isOn = origin === 'variable' ? readYesNo(spelling(name, origin), value) : value === 'yes'
    this.seen.push({ name, value: origin === 'variable' ? yesNo(isOn) : value, origin })
    return isOn
  }

  /**
   * A value that must satisfy a predicate.
   * @param expected describes valid values, for the message: `auto, kvm or tcg`
   * @throws Failure BAD_VALUE (exit 2)
   */
  checked(name: string, fallback: string, expected: string, isValid: (value: string) => boolean): string {
    const setting = this.#find(name, fallback)
    if (!isValid(setting.value)) throw badValue(name, setting.value, setting.origin, expected)
    this.seen.push(setting)
    return setting.value
  }

  /**
   * As {@link checked}, with a message that depends on the value.
   * @param problemOf describes why a value is invalid: `has more than 15 characters`
   * @param hint describes valid values
   * @throws Failure BAD_VALUE (exit 2)
   */
  valid(name: string, fallback: string, problemOf: (value: string) => string | undefined, hint: string): string {
    const setting = this.#find(name, fallback)
    const problem = problemOf(setting.value)
    if (problem)
      throw usageFailure('BAD_VALUE', `${spelling(name, setting.origin)}=${setting.value}: ${problem}`, { hint })
    this.seen.push(setting)
    return setting.value
  }

  /** The user's spelling of a setting: `--seed`, `XCLUSTER_NETNS_SEED`, `__seed`. */
  spellingOf(name: string): string {
    return spelling(name, this.#find(name, '').origin)
  }

  has(name: string): boolean {
    return this.#find(name, '').origin !== 'default'
  }

  /** Sorted names of the variables that are set and match a pattern. */
  names(pattern: RegExp): readonly string[] {
    const names = this.#layers.flatMap(({ values }) => Object.keys(values))
    return [...new Set(names)].filter(name => pattern.test(name) && this.has(name)).sort()
  }

  /** The effective values of all variables that some origins set. */
  valuesFrom(...origins: readonly Origin[]): Readonly<Record<string, string>> {
    const names = this.#layers
      .filter(({ origin }) => origins.includes(origin))
      .flatMap(({ values }) => Object.keys(values))
    const found = names.map(name => this.#find(name, '')).filter(({ origin }) => origin !== 'default')
    return Object.fromEntries(found.map(({ name, value }) => [name, value]))
  }

  /** An environment that unsets the variables `XCLUSTER_NETNS_<OPTION>`. */
  ownVariables(): Readonly<Record<string, string>> {
    const own = this.#layers.filter(({ origin }) => origin === 'variable').flatMap(({ values }) => Object.keys(values))
    return Object.fromEntries(own.map(name => [spelling(name, 'variable'), '']))
  }

  #find(name: string, fallback: string): Setting {
    for (const { origin, values } of this.#layers) {
      const value = values[name]
      if (value) return { name, value, origin }
    }
    return { name, value: fallback, origin: 'default' }
  }
}

const yesNo = (isOn: boolean): string => (isOn ? 'yes' : 'no')

/** A variable as the user wrote it: `--nvm`, `XCLUSTER_NETNS_NVM` or `__nvm`. */
export function spelling(name: string, origin: Origin): string {
  if (origin === 'option') return name.replace(/^__/, '--').replaceAll('_', '-')
  return origin === 'variable' ? ownVariable(name.replace(/^__/, '')) : name
}

const badValue = (name: string, value: string, origin: Origin, expected: string) =>
  usageFailure('BAD_VALUE', `${spelling(name, origin)}=${value}: must be ${expected}`)
