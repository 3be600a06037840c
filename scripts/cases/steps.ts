import type { Selector } from '../settings/selectors.ts'
import {
  type Background,
  type Command,
  type CommandOptions,
  commandName,
  type FileToPut,
  type Place,
} from './command.ts'
import type { CapturedCommand, TestContext } from './context.ts'

/** One step of a test: `netns_test tcase_<name> <arguments>` on nodes. */
export interface BuiltInStep {
  readonly name: string
  /** Another `netns_test tcase_<tcase>` than the name says. For built-in tests only. */
  readonly tcase?: string
  readonly arguments?: readonly string[]
  /** The nodes; all workers by default. */
  readonly where?: Selector
}

/** A command or script on nodes, or in PODs. */
export interface CommandStep extends Place, CommandOptions {
  /** For reports; by default, the first word of the command. */
  readonly name?: string
  /** Words, or lines for a shell. */
  readonly command: Command
  /** Copied to the nodes before the command runs. */
  readonly files?: readonly FileToPut[]
  /** Start the command in the background, and end it when the test ends. */
  readonly background?: Background
}

/** A function of the test's file. */
export interface FunctionStep {
  readonly name: string
  /** The nodes in the context; all by default. */
  readonly where?: Selector
  readonly run: (context: TestContext) => unknown
}

/**
 * A function for each node, at the same time. It is reported as a step of `netns_test` is. For built-in tests: test
 * files have {@link FunctionStep}.
 */
export interface NodeStep {
  readonly name: string
  /** For the summary. */
  readonly title: string
  /** The nodes; all workers by default. */
  readonly where?: Selector
  /** @throws Error: the step fails on this node */
  readonly runOnNode: (node: StepNode) => Promise<void>
}

/** The node of a {@link NodeStep}. */
export interface StepNode {
  /** `vm-001` */
  readonly name: string
  /** Runs a command, and returns its exact output. A lost node is an error. */
  capture(words: readonly string[], input?: string): Promise<CapturedCommand>
  /** Adds a line to the output of the step; `FAILED: <why>` is also shown in the summary. */
  warn(line: string): void
}

export type Step = BuiltInStep | CommandStep | FunctionStep | NodeStep

export const isCommandStep = (step: Step): step is CommandStep => 'command' in step

export const isFunctionStep = (step: Step): step is FunctionStep => 'run' in step

export const isNodeStep = (step: Step): step is NodeStep => 'runOnNode' in step

export const isBuiltInStep = (step: Step): step is BuiltInStep =>
  !isCommandStep(step) && !isFunctionStep(step) && !isNodeStep(step)

/** A step of all workers. */
export const onWorkers = (name: string, ...args: string[]): BuiltInStep => ({
  name,
  arguments: args,
  where: 'workers',
})

/** A step of one node. */
export const on = (where: `vm-${number}`, name: string, ...args: string[]): BuiltInStep => ({
  name,
  arguments: args,
  where,
})

/** The nodes of a step; undefined for those of PODs, which exist only later. */
export function whereOf(step: Step): Selector | undefined {
  if (isFunctionStep(step)) return step.where ?? 'all'
  if (!isCommandStep(step)) return step.where ?? 'workers'
  return step.in === undefined ? (step.on ?? 'workers') : undefined
}

/** The name of a step in reports. */
export function stepName(step: Step): string {
  if (step.name !== undefined) return step.name
  return isCommandStep(step) ? commandName(step.command) : ''
}
