import { readClusterKind, readSettings, type Settings } from '../settings/settings.ts'
import type { Layer } from '../settings/sources.ts'
import { topologyValues } from './embedded/topologies.ts'
import { type SettleRequest, settleXcluster } from './xcluster/settle.ts'

/**
 * Finds the settings of a test: what the person, the test, the topology and xcluster say.
 * @throws Failure that names the option or variable (exit 2), or of xcluster
 */
export async function settle(request: SettleRequest): Promise<Settings> {
  const { options, environment, test, forced = {}, drawn = {} } = request
  if (readClusterKind(options, environment) === 'xcluster') return await settleXcluster(request)
  const below: readonly Layer[] = [
    { origin: 'test', values: test },
    { origin: 'random', values: drawn },
  ]
  const above: readonly Layer[] = [{ origin: 'test', values: forced }]
  const settings = readSettings(options, environment, { above, below })
  const { topology } = settings.cluster
  if (!topology) return settings
  const layer: Layer = { origin: 'topology', values: topologyValues(topology) }
  return readSettings(options, environment, { above, below: [...below, layer] })
}
