import type { Conformance } from '../events/conformance.ts'
import type { Matrix } from '../proof/matrix.ts'
import type { Reach } from '../proof/reach.ts'
import type { RuleSet } from '../proof/rules/rule.ts'
import type { Role } from '../settings/nodes.ts'
import type { Selector } from '../settings/selectors.ts'
import type { Background, Command, CommandOptions, FileToPut, Place } from './command.ts'

/** A node of the running cluster. */
export interface ContextNode {
  /** `vm-001` */
  readonly name: string
  readonly number: number
  readonly role: Role
}

/** A POD, as its node reports it. */
export interface ContextPod {
  readonly name: string
  readonly node: string
  /** Its global addresses, without prefix lengths. */
  readonly ipv4: readonly string[]
  readonly ipv6: readonly string[]
}

/** A command that ended. */
export interface CommandResult {
  /** The node or POD in which it ran. */
  readonly where: string
  readonly node: string
  /** Exit status; 128 + number for a command that a signal ended. */
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** The exact output of a command. */
export interface CapturedCommand {
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

export interface RunOptions extends Place, CommandOptions {
  /** For reports; by default, the first word of the command. */
  readonly name?: string
  /** False: the command is not reported as a step. */
  readonly report?: boolean
}

export interface BackgroundOptions extends Omit<RunOptions, 'expect' | 'report' | 'input'>, Background {}

/** A command in the background. */
export interface BackgroundProcess {
  /** Ends it everywhere before the test ends. Returns its output. */
  end(): Promise<readonly Pick<CommandResult, 'where' | 'node' | 'stdout'>[]>
}

export type CheckVerdict = 'passed' | 'failed' | 'skipped' | 'warning'

/** For the function of a check. */
export interface Check {
  /** Ends the check as skipped. */
  skip(reason: string): never
  /** Lets the check end with a warning; a failure, with `--strict`. */
  warn(reason: string): void
  /** Adds a line to the output of the check. */
  log(text: string): void
}

export interface CheckOptions {
  /** The node for which the check is reported; by default the host. */
  readonly node?: string
  /** The duration of a check that was performed before it is reported. */
  readonly milliseconds?: number
}

/** Connections to hold. */
export interface HoldRequest {
  /** PODs that connect; all by default. */
  readonly from?: Selector
  /** An address. */
  readonly to: string
  readonly port: number
  /** Connections of each POD; 1 by default. */
  readonly connections?: number
}

export interface HeldConnections {
  readonly count: number
  /** Closes the connections, and reports those that broke before. */
  release(): Promise<readonly HeldConnection[]>
}

/** A connection that was held. */
export interface HeldConnection {
  /** The POD that connected, and the one that answered. */
  readonly from: string
  readonly by: string
  /** Answers while it was held. */
  readonly answers: number
  /** Why it broke: `closed`, `silent`, `ECONNRESET`; undefined if it did not. */
  readonly broken?: string
}

/** What a function of a test can do. Calls are reported as steps; those that fail throw an error. */
export interface TestContext {
  readonly test: string
  /** The nodes that the step selects. */
  readonly nodes: readonly ContextNode[]
  /** The values of the test's parameters. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>
  /** Skipped tests and warnings count as failures. */
  readonly strict: boolean
  /** Aborted when the step times out or the run is interrupted. */
  readonly signal: AbortSignal
  /** Reads the PODs of all nodes, as they are now. */
  pods(): Promise<readonly ContextPod[]>
  /** Groups calls as a step of its own, which fails if the function throws. */
  step<T>(name: string, run: () => T | Promise<T>): Promise<T>
  /** Reports the function as a step of its own. Unlike `step`, a failure does not end the test's function. */
  check(name: string, run: (check: Check) => unknown, options?: CheckOptions): Promise<CheckVerdict>
  /**
   * Runs a command on nodes or in PODs, on all at once.
   * @throws Error when an outcome is not the expected one
   */
  run(command: Command, options?: RunOptions): Promise<readonly CommandResult[]>
  /** Runs a command on one node without reporting it, and returns its exact output. A lost node is an error. */
  capture(node: string, words: readonly string[], input?: string): Promise<CapturedCommand>
  /** Starts a command in the background and waits until it is ready. It is stopped at the end of the test. */
  background(command: Command, options?: BackgroundOptions): Promise<BackgroundProcess>
  /** Copies files to nodes; all workers by default. */
  put(files: readonly FileToPut[], options?: Pick<Place, 'on'>): Promise<void>
  /** Measures which PODs answer each other's pings, without a verdict. */
  measure(): Promise<Matrix>
  /**
   * Measures the PODs, and compares the results with rules, or with a reachability as in `reach`.
   * @throws Error when a pair is wrong
   */
  expectReach(expected: RuleSet | Reach): Promise<void>
  /**
   * Opens TCP connections from PODs to an address, and keeps them busy. Probers serve the port in all PODs meanwhile,
   * so rules cannot be measured until the connections are released.
   * @throws Error when one cannot be opened
   */
  hold(request: HoldRequest): Promise<HeldConnections>
  /** Adds a line to the output of the step. */
  log(text: string): void
  /** Prints a line in the summary and the log. */
  notice(text: string): void
  /** Reports how a CNI network conforms to the specification. */
  conformance(conformance: Conformance): void
}
