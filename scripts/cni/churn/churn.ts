import type { Network } from '../network.ts'
import type { Programs } from '../runtime/programs.ts'
import type { NodeShell } from '../runtime/shell.ts'
import type { ChurnLimit } from './limit.ts'
import { type ChurnResult, ChurnSubject } from './subject.ts'

export interface ChurnRequest {
  readonly node: NodeShell
  readonly programs: Programs
  /** The network, and those to compare it with. */
  readonly networks: readonly Network[]
  /** For each network. */
  readonly limit: ChurnLimit
  /** A script that starts what the first network needs in its sandbox. */
  readonly prepare?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** The default network for comparison. */
export const BASELINE: Network = {
  cniVersion: '1.0.0',
  name: 'baseline',
  plugins: [
    {
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: '10.88.0.0/16' }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
  ],
}

/**
 * Attaches and detaches containers of several networks in turn, so that all meet the same load of the host.
 * @returns in the order of the networks
 * @throws Failure (exit 4) when the node cannot make a sandbox; Unmet when a network attaches no container
 */
export async function runChurn({ node, programs, networks, limit, prepare, signal }: ChurnRequest) {
  const subjects: ChurnSubject[] = []
  try {
    for (const [index, network] of networks.entries())
      subjects.push(await ChurnSubject.start(node, programs, network, index === 0 ? prepare : undefined))
    const waiting = new Set(subjects)
    while (waiting.size > 0) {
      for (const subject of [...waiting]) {
        signal?.throwIfAborted()
        await subject.turn()
        const isDone = 'count' in limit ? subject.attachments >= limit.count : subject.seconds >= limit.seconds
        if (isDone) waiting.delete(subject)
      }
    }
    const results: ChurnResult[] = []
    while (subjects[0]) {
      results.push(await subjects[0].end())
      subjects.shift()
    }
    return results
  } finally {
    for (const subject of subjects) await subject.discard()
  }
}
