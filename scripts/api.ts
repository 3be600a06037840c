// The public module of the package: docs/api.md.
import type { TestDefinition } from './cases/definition.ts'
import type { Listener } from './events/events.ts'

export type { Background, Command, CommandOptions, Expected, FileToPut, Place, TextPattern } from './cases/command.ts'
export type {
  BackgroundOptions,
  BackgroundProcess,
  Check,
  CheckOptions,
  CheckVerdict,
  CommandResult,
  ContextNode,
  ContextPod,
  HeldConnection,
  HeldConnections,
  HoldRequest,
  RunOptions,
  TestContext,
} from './cases/context.ts'
export type { Parameters, TestDefinition } from './cases/definition.ts'
export type { BuiltInStep, CommandStep, FunctionStep, Step } from './cases/steps.ts'
export { on, onWorkers } from './cases/steps.ts'
export { namedPods, numberedPods } from './cases/test-case.ts'
export type { Listener, RunEvent } from './events/events.ts'
export type { Matrix } from './proof/matrix.ts'
export type { Reach } from './proof/reach.ts'
export type { Rule, RuleSet } from './proof/rules/rule.ts'
export type { Labels, Selector } from './settings/selectors.ts'

/** Defines a test: returns its argument, for completion and type checks in an editor. */
export const defineTest = (definition: TestDefinition): TestDefinition => definition

/** Where a reporter writes: a file, stdout or stderr. */
export interface Output {
  write(text: string): void
}

/** The default export of a module for `--reporter ./mine.ts`. */
export type Reporter = (output: Output) => Listener | Promise<Listener>

/** Defines a reporter: returns its argument, for completion and type checks in an editor. */
export const defineReporter = (reporter: Reporter): Reporter => reporter

/** The version of this module: its first number changes with incompatible changes of tests, reporters or events. */
export const API_VERSION = '1.0'
