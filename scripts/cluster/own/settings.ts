import path from 'node:path'
import { usageFailure } from '../../errors/failure.ts'
import { run } from '../../host/command.ts'
import type { Environment } from '../../host/environment.ts'
import { readSettings, type Settings } from '../../settings/settings.ts'
import { type Layer, Sources, userLayers } from '../../settings/sources.ts'
import { findEnvsettings, sourceEnvsettings } from '../envsettings.ts'
import type { SettingsRequest } from '../kind.ts'
import { isStandIn } from '../stand-in.ts'
import { runningName } from './find-clusters.ts'
import { topologyNames, topologyValues } from './topologies.ts'

/**
 * Combines the settings of the user, the test and the topology.
 * @throws Failure naming the option or variable (exit 2)
 */
export async function resolveSettings(request: SettingsRequest, kind = 'embedded'): Promise<Settings> {
  const { options, environment, test, forced = {}, fallback = {}, drawn = {}, packages = [], onLine, signal } = request
  const read = (above: readonly Layer[], below: readonly Layer[]) =>
    readSettings(options, environment, { above, below, kind, packages })
  const below: readonly Layer[] = [
    { origin: 'running', values: runningCluster(options, environment) },
    { origin: 'test', values: test },
    { origin: 'random', values: drawn },
  ]
  const last: Layer = { origin: 'xcluster', values: fallback }
  const insists: Layer = { origin: 'test', values: forced }
  const settings = read([insists], [...below, last])
  const { topology } = settings.cluster
  if (!topology) return settings
  const file =
    findEnvsettings(settings.ovlPath, topology) ?? (await envsettingsOfCommand(environment.XCLUSTER, topology, request))
  if (file) {
    const values = networksIn(await sourceEnvsettings(file, {}, onLine, signal))
    const above: readonly Layer[] = [insists, { origin: 'topology', values }]
    return read(above, [...below, last])
  }
  const layer: Layer = { origin: 'topology', values: builtinTopology(topology) }
  return read([insists], [...below, layer, last])
}

/** `--no-start` uses the running cluster, as commands do that require one. */
const runningCluster = (options: Environment, environment: Environment): Environment =>
  new Sources(userLayers(options, environment)).flag('__no_start')
    ? { __name: runningName({ options, environment }) }
    : {}

/** The settings of a topology of the user's xcluster; undefined without one. */
async function envsettingsOfCommand(command: string | undefined, topology: string, { signal }: SettingsRequest) {
  if (!command || isStandIn(command)) return undefined
  const directory = await run(command, ['ovld', 'network-topology'], { signal }).catch(() => {
    signal.throwIfAborted()
    return ''
  })
  return directory.trim() ? findEnvsettings([path.dirname(directory.trim())], topology) : undefined
}

/** Memory and CPUs are for xcluster's image. */
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
