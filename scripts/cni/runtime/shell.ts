/** Where commands run: a node, or a copy of its network. */
export interface NodeShell {
  /** `vm-001` */
  readonly name: string
  /** Runs a command. A lost node is a Failure. */
  run(words: readonly string[], stdin?: string): Promise<ShellEnd>
}

export interface ShellEnd {
  readonly exitCode: number
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/** The exit status of a shell, or of nsenter, for a missing command. */
export const NOT_FOUND = 127
