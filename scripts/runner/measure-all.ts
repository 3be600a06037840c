import { filterFamilies } from '../proof/findings.ts'
import { assemble, type Matrix } from '../proof/matrix.ts'
import { readNetwork } from '../proof/network.ts'
import { measure } from './measure.ts'
import type { TestRun } from './test-run.ts'

/** Measures which PODs answer each other's pings. Sends each ping once: no pair is expected to answer. */
export async function measureAll({ cluster, settings }: TestRun, signal: AbortSignal): Promise<Matrix> {
  const { nodes } = cluster
  const network = filterFamilies(await readNetwork(nodes, signal), settings.families)
  const request = { nodes, network, reach: 'all', deadline: performance.now(), signal, onHung: () => {} } as const
  return assemble(network, 'all', await measure(request))
}
