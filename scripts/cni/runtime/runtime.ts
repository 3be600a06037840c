import type { Network, PluginConfig } from '../network.ts'
import { type Call, readAnswer } from './answer.ts'
import { type Attachment, derive, missingOperation, type Operation, variablesOf } from './derive.ts'
import {
  type Execution,
  type ExecutionEnd,
  type ExecutionFiles,
  execute,
  executeChains,
  inputAfter,
  PREVIOUS,
} from './execute.ts'
import { CNI_PATH, type Programs } from './programs.ts'
import { isBefore, type PluginError, type Result } from './result.ts'
import type { NodeShell } from './shell.ts'

/** The outcome of an operation on an attachment, or on a network. */
export interface Outcome {
  readonly calls: readonly Call[]
  /** The last plugin's result of ADD. */
  readonly result?: Result
  readonly failure?: PluginFailure
}

/** The time that the plugins took, in milliseconds. */
export const durationOf = ({ calls }: Pick<Outcome, 'calls'>): number =>
  calls.reduce((sum, { end }) => sum + end.microseconds, 0) / 1000

export interface PluginFailure {
  readonly plugin: string
  /** Completes "the plugin …". */
  readonly why: string
  readonly error?: PluginError
}

export interface RuntimeOptions {
  readonly cniPath?: readonly string[]
  /** For each execution, in seconds. */
  readonly timeout?: number
  /** Files of an attachment's ADD on the node. */
  filesOf?(attachment: Attachment): ExecutionFiles
  /** Called for each execution of a plugin. */
  onCall?(call: Call): void
}

/**
 * Calls the plugins of a network as sections 3 and 4 of the specification demand. An operation on several attachments
 * is one command on the node, which calls the plugins for all of them at once.
 */
export class Runtime {
  readonly network: Network
  readonly #shell: NodeShell
  readonly #programs: Programs
  readonly #cniPath: readonly string[]
  readonly #options: RuntimeOptions
  /** The results of ADD, for CHECK and DEL. */
  readonly #results = new Map<string, Result>()

  constructor(network: Network, shell: NodeShell, programs: Programs, options: RuntimeOptions = {}) {
    this.network = network
    this.#shell = shell
    this.#programs = programs
    this.#cniPath = options.cniPath ?? CNI_PATH
    this.#options = options
  }

  /** Calls ADD of each plugin in order, up to the first error. The caller owes a DEL, also after a failure. */
  async add(attachments: readonly Attachment[]): Promise<readonly Outcome[]> {
    const outcomes = await this.#each('ADD', attachments, this.network.plugins)
    return outcomes.map((outcome, index) => {
      const answer = outcome.calls.at(-1)?.answer
      if (outcome.failure || !answer?.ok || !answer.result) return outcome
      this.#results.set(keyOf(attachments[index] as Attachment), answer.result)
      return { ...outcome, result: answer.result }
    })
  }

  /** Calls CHECK of each plugin in order, up to the first error; of none when the network disables it. */
  async check(attachments: readonly Attachment[]): Promise<readonly Outcome[]> {
    if (this.network.disableCheck) return attachments.map(() => ({ calls: [] }))
    return await this.#each('CHECK', attachments, this.network.plugins)
  }

  /** Calls DEL of each plugin in reverse order, up to the first error. */
  async del(attachments: readonly Attachment[]): Promise<readonly Outcome[]> {
    const outcomes = await this.#each('DEL', attachments, [...this.network.plugins].reverse())
    for (const [index, { failure }] of outcomes.entries()) {
      if (!failure) this.#results.delete(keyOf(attachments[index] as Attachment))
    }
    return outcomes
  }

  /**
   * Calls GC of each plugin, and continues after errors; of none when the network disables it.
   * @param valid the attachments to keep
   */
  async gc(valid: readonly Pick<Attachment, 'containerId' | 'ifname'>[]): Promise<Outcome> {
    if (this.network.disableGC) return { calls: [] }
    const listed = valid.map(({ containerId, ifname }) => ({ containerID: containerId, ifname }))
    // The second name is that of the first release of libcni 1.2.
    const keys = { 'cni.dev/valid-attachments': listed, 'cni.dev/attachments': listed }
    const calls: Call[] = []
    for (const plugin of this.network.plugins) calls.push(await this.call('GC', { ...plugin, ...keys }))
    return { calls, ...firstFailure(calls) }
  }

  /** Calls STATUS of each plugin in order, up to the first error. */
  async status(): Promise<Outcome> {
    const calls: Call[] = []
    for (const plugin of this.network.plugins) {
      calls.push(await this.call('STATUS', plugin))
      if (firstFailure(calls)) break
    }
    return { calls, ...firstFailure(calls) }
  }

  /** The result of the last ADD of an attachment that was not deleted. */
  resultOf(attachment: Attachment): Result | undefined {
    return this.#results.get(keyOf(attachment))
  }

  /** Why the network's version does not have an operation; undefined if it has it. */
  missing(operation: Operation): string | undefined {
    return missingOperation(operation, this.network.cniVersion)
  }

  /** Calls one plugin. */
  async call(operation: Operation, plugin: PluginConfig, attachment?: Attachment, previous?: Result): Promise<Call> {
    const [call] = await this.callAll(operation, plugin, [{ ...(attachment && { attachment }), previous }])
    return call as Call
  }

  /** Calls one plugin several times at once. */
  async callAll(
    operation: Operation,
    plugin: PluginConfig,
    wanted: readonly { readonly attachment?: Attachment; readonly previous: Result | undefined }[],
  ): Promise<readonly Call[]> {
    const executions = wanted.map(({ attachment, previous }) => this.execution(operation, plugin, attachment, previous))
    return await this.execute(operation, plugin.type, executions)
  }

  /** Executes a plugin, and reads its answers. */
  async execute(operation: Operation, plugin: string, executions: readonly Execution[]): Promise<readonly Call[]> {
    const ends = await execute(this.#shell, executions)
    return ends.map((end, index) => this.#ended(operation, plugin, executions[index] as Execution, end))
  }

  #ended(operation: Operation, plugin: string, execution: Execution, end: ExecutionEnd): Call {
    const call = { ...execution, operation, plugin, end, answer: readAnswer(operation, this.network.cniVersion, end) }
    this.#options.onCall?.(call)
    return call
  }

  /** What {@link call} executes. */
  execution(
    operation: Operation,
    plugin: PluginConfig,
    attachment?: Attachment,
    previous?: Result | typeof PREVIOUS,
  ): Execution {
    const { timeout, filesOf } = this.#options
    const input =
      operation === 'VERSION'
        ? { cniVersion: this.network.cniVersion }
        : derive(this.network, plugin, previous, attachment?.capabilityArgs)
    return {
      program: this.programOf(plugin.type),
      environment: variablesOf(operation, this.#cniPath, attachment),
      input: JSON.stringify(input),
      ...(timeout !== undefined && { timeout }),
      ...(operation === 'ADD' && attachment && filesOf && { files: filesOf(attachment) }),
    }
  }

  /** The path of a plugin on the node; one that does not exist cannot be executed. */
  programOf(type: string): string {
    return this.#programs.get(type) ?? `${this.#cniPath[0]}/${type}`
  }

  /** Calls the plugins in order for each attachment, up to the first error; for all attachments at once. */
  async #each(
    operation: Operation,
    attachments: readonly Attachment[],
    plugins: readonly PluginConfig[],
  ): Promise<readonly Outcome[]> {
    const chains = attachments.map(attachment =>
      plugins.map((plugin, at) =>
        this.execution(operation, plugin, attachment, this.#previous(operation, at, attachment)),
      ),
    )
    const ended = await executeChains(this.#shell, chains)
    return chains.map((chain, index) => {
      const ends = ended[index] ?? []
      const calls = ends.map((end, at) => {
        const execution = chain[at] as Execution
        const sent = { ...execution, input: inputAfter(execution.input, ends[at - 1]?.stdout) }
        return this.#ended(operation, plugins[at]?.type ?? '', sent, end)
      })
      return { calls, ...firstFailure(calls) }
    })
  }

  #previous(operation: Operation, at: number, attachment: Attachment): Result | typeof PREVIOUS | undefined {
    if (operation === 'ADD') return at === 0 ? undefined : PREVIOUS
    const hasResults = operation !== 'DEL' || !isBefore(this.network.cniVersion, '0.4.0')
    return hasResults ? this.resultOf(attachment) : undefined
  }
}

/** `the plugin bridge failed with code 7: …` */
export function describeFailure(outcome: Pick<Outcome, 'failure'> | undefined): string {
  const { failure } = outcome ?? {}
  return failure ? `the plugin ${failure.plugin} ${failure.why}` : 'no plugin was called'
}

const keyOf = ({ containerId, ifname }: Attachment) => `${containerId}/${ifname}`

function firstFailure(calls: readonly Call[]): { failure: PluginFailure } | undefined {
  for (const { plugin, answer } of calls) {
    if (answer.ok) continue
    return { failure: { plugin, why: answer.why, ...(answer.error && { error: answer.error }) } }
  }
  return undefined
}
