import fs from 'node:fs'
import { environmentFailure, usageFailure } from '../../errors/failure.ts'
import type { Environment } from '../../host/environment.ts'
import { type ExtraLayers, readSettingsOfKind, type Settings } from '../../settings/settings.ts'
import { type Layer, Sources, userLayers } from '../../settings/sources.ts'
import { envsettingsOf, sourceEnvsettings } from '../envsettings.ts'
import type { SettingsRequest } from '../kind.ts'
import { isStandIn } from '../stand-in.ts'
import { parseAssignments } from './assignments.ts'
import { callXcluster } from './command.ts'
import { readXcluster, type XclusterSettings } from './settings.ts'

/** Defaults that the xcluster command uses, but does not print. */
const XCLUSTER_DEFAULTS: Environment = { xcluster_PREFIX: 'fd00:' }

const QUERY_TIMEOUT_SECONDS = 15

/**
 * Reads the settings of xcluster, and applies the changes of the topology, as xcluster's tests do.
 * @throws Failure NO_XCLUSTER, XCLUSTER_FAILED, XCLUSTER_HANGS, XCLUSTER_SAYS_LITTLE (exit 3), NO_SUCH_TOPOLOGY (exit
 *   2), or one of the settings
 */
export async function resolveXcluster(
  request: SettingsRequest,
): Promise<{ readonly settings: Settings; readonly xcluster: XclusterSettings }> {
  const { options, environment, test, forced = {}, drawn = {}, onLine, signal } = request
  const command = environment.XCLUSTER ?? ''
  checkCommand(command)
  const text = await callXcluster({
    command,
    words: ['env'],
    exports: new Sources(userLayers(options, environment)).valuesFrom('option', 'variable'),
    timeoutSeconds: QUERY_TIMEOUT_SECONDS,
    exitCode: 3,
    onLine,
    signal,
  })
  const { values, others } = parseAssignments(text)
  others.forEach(onLine)
  requireDirectories(command, values)
  const below: readonly Layer[] = [
    { origin: 'test', values: test },
    { origin: 'xcluster', values },
    { origin: 'random', values: drawn },
    { origin: 'xcluster', values: XCLUSTER_DEFAULTS },
  ]
  const forcedLayer: Layer = { origin: 'test', values: forced }
  const read = (above: readonly Layer[]) => readBoth(options, environment, { above, below })
  const before = read([forcedLayer])
  if (!before.settings.cluster.topology) return before
  return read([forcedLayer, { origin: 'topology', values: await sourceTopology(before, values, request) }])
}

function readBoth(options: Environment, environment: Environment, layers: ExtraLayers) {
  const more = { ...layers, kind: 'xcluster' }
  const { settings, own } = readSettingsOfKind(options, environment, more, readXcluster)
  return { settings, xcluster: own }
}

/** Checks the command's own output: the environment may name directories of an outdated xcluster. */
function requireDirectories(command: string, values: Environment): void {
  const missing = ['XCLUSTER_HOME', 'XCLUSTER_TMP'].find(name => !values[name])
  if (!missing) return
  throw environmentFailure('XCLUSTER_SAYS_LITTLE', `'${command} env' does not set ${missing}`, {
    hint: 'set XCLUSTER to the path of the xcluster command',
  })
}

function checkCommand(command: string): void {
  const invalid = (why: string) =>
    environmentFailure('NO_XCLUSTER', `XCLUSTER=${command}: ${why}`, {
      hint: 'set it to the path of the xcluster command; to start VMs without xcluster, use --cluster embedded',
    })
  if (!command) throw invalid('is not set')
  if (isStandIn(command)) throw invalid('is the replacement of this repository, not xcluster itself')
  if (!fs.existsSync(command)) throw invalid('no such file')
  if (!fs.statSync(command).isFile()) throw invalid('is not a file')
  try {
    fs.accessSync(command, fs.constants.X_OK)
  } catch {
    throw invalid('is not executable')
  }
}

/**
 * Sources the topology's `Envsettings` in a shell, as xcluster's tests do.
 * @param values the settings that xcluster printed, for use by the file
 * @returns the variables that it changed
 */
async function sourceTopology(
  { settings, xcluster: { command, exports } }: ReturnType<typeof readBoth>,
  values: Environment,
  { signal, onLine }: SettingsRequest,
): Promise<Environment> {
  const { topology } = settings.cluster
  const call = { command, exports, timeoutSeconds: QUERY_TIMEOUT_SECONDS, exitCode: 3, onLine, signal } as const
  const directory = (await callXcluster({ ...call, words: ['ovld', 'network-topology'] })).trim()
  const file = envsettingsOf(directory, topology)
  if (!fs.existsSync(file)) {
    throw usageFailure('NO_SUCH_TOPOLOGY', `TOPOLOGY=${topology}: ${file} is missing`, {
      hint: `topologies are the directories in ${directory} with an Envsettings file`,
    })
  }
  return await sourceEnvsettings(file, { ...definedValues(values), ...exports }, onLine, signal)
}

const definedValues = (values: Environment): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined))
