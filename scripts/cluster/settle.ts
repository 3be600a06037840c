import path from 'node:path'
import { usageFailure } from '../errors/failure.ts'
import { run } from '../host/command.ts'
import { readClusterKind, readSettings, type Settings } from '../settings/settings.ts'
import { callersLayers, type Environment, type Layer, Sources } from '../settings/sources.ts'
import { isStandIn } from '../settings/xcluster.ts'
import { findEnvsettings, sourceEnvsettings } from './envsettings.ts'
import { readRunningName } from './running-name.ts'
import { topologyNames, topologyValues } from './vm/topologies.ts'
import { type SettleRequest, settleXcluster } from './xcluster/settle.ts'

/**
 * Finds the settings of a test: what the person, the test, the topology and xcluster say.
 * @throws Failure that names the option or variable (exit 2), or of xcluster
 */
export async function settle(request: SettleRequest): Promise<Settings> {
  const { options, environment, test, forced = {}, fallback = {}, drawn = {}, onLine, signal } = request
  if (readClusterKind(options, environment) === 'xcluster') return await settleXcluster(request)
  const below: readonly Layer[] = [
    { origin: 'running', values: runningCluster(options, environment) },
    { origin: 'test', values: test },
    { origin: 'random', values: drawn },
  ]
  const last: Layer = { origin: 'xcluster', values: fallback }
  const insists: Layer = { origin: 'test', values: forced }
  const settings = readSettings(options, environment, { above: [insists], below: [...below, last] })
  const { topology } = settings.cluster
  if (!topology) return settings
  const file =
    findEnvsettings(settings.ovlPath, topology) ?? (await envsettingsOfCommand(environment.XCLUSTER, topology, request))
  if (file) {
    const values = networksIn(await sourceEnvsettings(file, {}, onLine, signal))
    const above: readonly Layer[] = [insists, { origin: 'topology', values }]
    return readSettings(options, environment, { above, below: [...below, last] })
  }
  const layer: Layer = { origin: 'topology', values: builtinTopology(topology) }
  return readSettings(options, environment, { above: [insists], below: [...below, layer, last] })
}

/** With `--no-start`, the cluster that is there, as for all commands that need one. */
const runningCluster = (options: Environment, environment: Environment): Environment =>
  new Sources(callersLayers(options, environment)).flag('__no_start')
    ? { __name: readRunningName(options, environment) }
    : {}

/** As the user's xcluster finds it; undefined where it does not, or there is none. */
async function envsettingsOfCommand(command: string | undefined, topology: string, { signal }: SettleRequest) {
  if (!command || isStandIn(command)) return undefined
  const directory = await run(command, ['ovld', 'network-topology'], { signal }).catch(() => {
    signal.throwIfAborted()
    return ''
  })
  return directory.trim() ? findEnvsettings([path.dirname(directory.trim())], topology) : undefined
}

/** Memory and CPUs are for the image of xcluster, not for ours. */
const networksIn = (values: Environment): Environment =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !/^__(mem|smp)\d*$/.test(name)))

/** @throws Failure NO_SUCH_TOPOLOGY (exit 2) */
function builtinTopology(name: string): Environment {
  const values = topologyValues(name)
  if (values) return values
  throw usageFailure('NO_SUCH_TOPOLOGY', `TOPOLOGY=${name}: the embedded cluster does not know it`, {
    hint: `it knows ${topologyNames().join(', ')}`,
  })
}
