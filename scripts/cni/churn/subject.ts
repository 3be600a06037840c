import { Bench } from '../bench.ts'
import { compareLedgers, type Difference } from '../ledger/compare.ts'
import type { Ledger } from '../ledger/entry.ts'
import { takeLedger } from '../ledger/take.ts'
import type { Network } from '../network.ts'
import type { Attachment } from '../runtime/derive.ts'
import type { Programs } from '../runtime/programs.ts'
import { describeFailure, durationOf, type Outcome, type Runtime } from '../runtime/runtime.ts'
import type { NodeShell } from '../runtime/shell.ts'
import { type Latency, latencyOf } from './latency.ts'
import { type RunningTraffic, startTraffic, type Traffic } from './pings.ts'

/** Results of attaching and detaching containers of a network. */
export interface ChurnResult {
  readonly network: string
  /** Containers that were attached and detached. */
  readonly attachments: number
  /** Time spent on this network alone. */
  readonly seconds: number
  readonly add: Latency | undefined
  readonly del: Latency | undefined
  /** Number of failed operations by description: `ADD: the plugin bridge failed with code 7: …`. */
  readonly failures: ReadonlyMap<string, number>
  /** Undefined if nothing answered. */
  readonly traffic: Traffic | undefined
  readonly leaks: readonly Difference[]
}

/** Containers that are attached at once. */
const AT_ONCE = 4

/** A network in a sandbox of its own, with two resident containers. */
export class ChurnSubject {
  readonly #bench: Bench
  readonly #runtime: Runtime
  readonly #pool: readonly Attachment[]
  readonly #before: Ledger
  readonly #traffic: RunningTraffic | undefined
  readonly #durations: Record<'ADD' | 'DEL', number[]> = { ADD: [], DEL: [] }
  readonly #failures = new Map<string, number>()
  #attachments = 0
  #milliseconds = 0

  private constructor(bench: Bench, pool: readonly Attachment[], before: Ledger, traffic: RunningTraffic | undefined) {
    this.#bench = bench
    this.#runtime = bench.runtime()
    this.#pool = pool
    this.#before = before
    this.#traffic = traffic
  }

  /**
   * @throws Failure (exit 4) when the node cannot make a sandbox; Unmet when the resident containers cannot be
   * attached
   */
  static async start(node: NodeShell, programs: Programs, network: Network, prepare?: string): Promise<ChurnSubject> {
    const bench = await Bench.open(node, { network, programs, prepare })
    try {
      const runtime = bench.runtime()
      const [first, second] = [await bench.attach(runtime), await bench.attach(runtime)]
      const pool = await bench.containers(AT_ONCE)
      // Creates the objects that all attachments share before the ledger is taken.
      await runtime.add(pool)
      await runtime.del(pool)
      const addresses = [second, first].map(({ result }) => result.ips?.[0]?.address.split('/')[0])
      const [toSecond, toFirst] = addresses
      const traffic = await startTraffic(bench.shell, [
        ...(toSecond
          ? [{ between: 'two resident containers', pod: first.attachment.containerId, address: toSecond }]
          : []),
        ...(toFirst ? [{ between: 'the node and a resident container', pod: '', address: toFirst }] : []),
      ])
      const before = await takeLedger(
        bench.shell,
        pool.map(({ containerId }) => containerId),
      )
      return new ChurnSubject(bench, pool, before, traffic)
    } catch (error) {
      await bench.close()
      throw error
    }
  }

  get attachments(): number {
    return this.#attachments
  }

  get seconds(): number {
    return this.#milliseconds / 1000
  }

  /** Attaches and detaches containers. */
  async turn(): Promise<void> {
    const begun = performance.now()
    this.#note('ADD', await this.#runtime.add(this.#pool))
    this.#note('DEL', await this.#runtime.del(this.#pool))
    this.#milliseconds += performance.now() - begun
    this.#attachments += this.#pool.length
    this.#bench.evidence.length = 0
  }

  /** Ends the traffic, compares the state, and removes the sandbox. */
  async end(): Promise<ChurnResult> {
    try {
      const traffic = await this.#traffic?.end()
      const names = this.#pool.map(({ containerId }) => containerId)
      const after = await takeLedger(this.#bench.shell, names)
      return {
        network: this.#bench.network.name,
        attachments: this.#attachments,
        seconds: this.seconds,
        add: latencyOf(this.#durations.ADD),
        del: latencyOf(this.#durations.DEL),
        failures: this.#failures,
        traffic,
        leaks: compareLedgers(this.#before, after, `${this.#attachments} ADDs and DELs`),
      }
    } finally {
      await this.#bench.close()
    }
  }

  async discard(): Promise<void> {
    await this.#bench.close()
  }

  #note(operation: 'ADD' | 'DEL', outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      if (outcome.failure) {
        const what = `${operation}: ${describeFailure(outcome)}`
        this.#failures.set(what, (this.#failures.get(what) ?? 0) + 1)
      } else {
        this.#durations[operation].push(durationOf(outcome))
      }
    }
  }
}
