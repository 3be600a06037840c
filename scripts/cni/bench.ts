import type { Network } from './network.ts'

/** What a check works with: a node of its own, on which it calls the plugins of a network. */
export interface Bench {
  readonly network: Network
  /** Runs a POSIX shell script where the plugins run. */
  shell(script: string, ...args: readonly string[]): Promise<ShellResult>
}

export interface ShellResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}
