import type { TestContext } from '../../cases/context.ts'
import type { NodeShell } from '../runtime/shell.ts'

/** Runs commands on a node for a function of a test, without reporting each. */
export const shellIn = (context: TestContext, node: string): NodeShell => ({
  name: node,
  run: (words, stdin) => context.capture(node, words, stdin),
})
