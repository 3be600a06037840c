import type { TestContext } from '../../cases/context.ts'
import type { NodeShell } from '../runtime/shell.ts'

/** Runs commands on a node for a function of a test, without reporting each. */
export const shellIn = (context: TestContext, node: string): NodeShell => ({
  name: node,
  run: async (words, stdin) => {
    const options = {
      on: node,
      report: false,
      expect: { status: 'any' },
      ...(stdin !== undefined && { input: stdin }),
    } as const
    const [result] = await context.run(words, options)
    if (!result) throw new Error(`${node} did not run a command`)
    const { status, stdout, stderr } = result
    return { exitCode: status, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) }
  },
})
