import type { StepNode } from '../../cases/steps.ts'
import { testFailure } from '../../errors/failure.ts'
import type { NodeShell } from '../runtime/shell.ts'

/** Where a node keeps the configuration of the network that connects its PODs. */
export const configFile = (type: string): string => `/etc/cni/10-${type}.conf`

export const shellOn = ({ name, capture }: StepNode): NodeShell => ({ name, run: capture })

/**
 * Runs a command that must succeed.
 * @returns its output
 * @throws Failure CNI_FAILED (exit 1) with its errors
 */
export async function output(node: StepNode, words: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await node.capture(words)
  if (exitCode === 0) return stdout.toString()
  const why = stderr
    .toString()
    .trim()
    .replace(/^netns_test: /, '')
  throw testFailure('CNI_FAILED', why || `${words[0]} exited with status ${exitCode}`, { node: node.name })
}
