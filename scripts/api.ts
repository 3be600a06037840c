// The public module of the package: docs/api.md.
import type { TestDefinition } from './cases/definition.ts'

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
export type { Output } from './reporters/output.ts'
export type { Labels, Selector } from './settings/selectors.ts'

/** Defines a test: returns its argument, for completion and type checks in an editor. */
export const defineTest = (definition: TestDefinition): TestDefinition => definition
