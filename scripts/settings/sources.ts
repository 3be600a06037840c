import { usageFailure } from '../errors/failure.ts'
import type { Environment } from '../host/environment.ts'
import { ownVariable, ownVariables, readYesNo } from './variables.ts'

/**
 * Where a value came from; `variable` is a variable `XCLUSTER_NETNS_<OPTION>`, `environment` one of the names that xcluster has, too;
 * `running` is the cluster that is there, `test` what the test that is run asks for, `topology` what $TOPOLOGY stands for, `xcluster`
 * what `$XCLUSTER env` printed, `random` what was drawn for the run.
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

/** Values of one origin, under the names of their variables. */
export interface Layer {
  readonly origin: Origin
  readonly values: Environment
}

/** One effective setting, as `./netns.ts env` shows it. */
export interface Setting {
  /** The name of the variable that carries it, in xcluster's spelling: `__nvm`, `xcluster_NPODS`. */
  readonly name: string
  readonly value: string
  readonly origin: Origin
}

/** What `$CI` says: that this is a pipeline. */
export const saysCi = (value: string | undefined): boolean => !['', 'false', '0'].includes(value ?? '')

/**
 * What a user says, first what counts most: options, the variables of the same meaning, xcluster's variables.
 * @param options those that were typed, under their variables' names
 */
export function callersLayers(options: Environment, environment: Environment): readonly Layer[] {
  return [
    { origin: 'option', values: options },
    { origin: 'variable', values: ownVariables(environment) },
    { origin: 'environment', values: environment },
  ]
}

/** Looks values up in layers, the first one's win, and remembers where each came from. */
export class Sources {
  readonly seen: Setting[] = []
  readonly #layers: readonly Layer[]

  constructor(layers: readonly Layer[]) {
    this.#layers = layers
  }

  /** The value of a variable, `fallback` when nobody set it. An empty value counts as not set, as it does in sh. */
  text(name: string, fallback: string): string {
    const setting = this.#find(name, fallback)
    this.seen.push(setting)
    return setting.value
  }

  /** As {@link text}, where one origin counts alone. */
  textOf(origin: Origin, name: string, fallback: string): string {
    const value = this.said(origin)[name]
    this.seen.push(value ? { name, value, origin } : { name, value: fallback, origin: 'default' })
    return value ?? fallback
  }

  /** Lists what some origins say and nobody has asked for. */
  see(...origins: readonly Origin[]): void {
    const asked = new Set(this.seen.map(({ name }) => name))
    for (const name of Object.keys(this.said(...origins)).sort()) if (!asked.has(name)) this.text(name, '')
  }

  /**
   * A whole number within limits.
   * @throws Failure BAD_VALUE (exit 2) naming the variable or option, the value and the limits
   */
  integer(name: string, fallback: number, smallest: number, largest: number): number {
    const { value, origin } = this.#find(name, String(fallback))
    const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
    if (!(number >= smallest && number <= largest)) {
      throw badValue(name, value, origin, `a whole number from ${smallest} to ${largest}`)
    }
    this.seen.push({ name, value: String(number), origin })
    return number
  }

  /**
   * Yes or no, in xcluster's spelling: `yes`, or anything else for no; of our own variables, what is neither is refused.
   * @throws Failure BAD_VALUE (exit 2)
   */
  flag(name: string): boolean {
    const { value, origin } = this.#find(name, 'no')
    const isOn = origin === 'variable' ? readYesNo(spelling(name, origin), value) : value === 'yes'
    this.seen.push({ name, value: origin === 'variable' ? yesNo(isOn) : value, origin })
    return isOn
  }

  /**
   * A value that must satisfy a check.
   * @param wanted what is right, for the message: "an interface name of at most 15 characters"
   * @throws Failure BAD_VALUE (exit 2)
   */
  checked(name: string, fallback: string, wanted: string, isRight: (value: string) => boolean): string {
    const setting = this.#find(name, fallback)
    if (!isRight(setting.value)) throw badValue(name, setting.value, setting.origin, wanted)
    this.seen.push(setting)
    return setting.value
  }

  /**
   * A value that is right unless something is wrong with it.
   * @param whyWrong says what is, as in "has more than 15 characters"
   * @param hint what would be right
   * @throws Failure BAD_VALUE (exit 2)
   */
  valid(name: string, fallback: string, whyWrong: (value: string) => string | undefined, hint: string): string {
    const setting = this.#find(name, fallback)
    const why = whyWrong(setting.value)
    if (why) throw usageFailure('BAD_VALUE', `${spelling(name, setting.origin)}=${setting.value}: ${why}`, { hint })
    this.seen.push(setting)
    return setting.value
  }

  /** A setting as the user wrote it: `--seed`, `XCLUSTER_NETNS_SEED`, `__seed`. */
  written(name: string): string {
    return spelling(name, this.#find(name, '').origin)
  }

  /** True when somebody set it. */
  has(name: string): boolean {
    return this.#find(name, '').origin !== 'default'
  }

  /** The names of all variables that somebody set and that look so. */
  names(pattern: RegExp): readonly string[] {
    const names = this.#layers.flatMap(({ values }) => Object.keys(values))
    return [...new Set(names)].filter(name => pattern.test(name) && this.has(name)).sort()
  }

  /** All that some origins say, each variable with the value that counts. */
  said(...origins: readonly Origin[]): Readonly<Record<string, string>> {
    const names = this.#layers
      .filter(({ origin }) => origins.includes(origin))
      .flatMap(({ values }) => Object.keys(values))
    const found = names.map(name => this.#find(name, '')).filter(({ origin }) => origin !== 'default')
    return Object.fromEntries(found.map(({ name, value }) => [name, value]))
  }

  /** The variables `XCLUSTER_NETNS_<OPTION>` that are set, emptied. */
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

/** A setting as the person wrote it. */
export function spelling(name: string, origin: Origin): string {
  if (origin === 'option') return name.replace(/^__/, '--').replaceAll('_', '-')
  return origin === 'variable' ? ownVariable(name.replace(/^__/, '')) : name
}

const badValue = (name: string, value: string, origin: Origin, wanted: string) =>
  usageFailure('BAD_VALUE', `${spelling(name, origin)}=${value}: must be ${wanted}`)
