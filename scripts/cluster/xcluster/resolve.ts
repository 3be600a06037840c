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

/** What xcluster's command fills in where nobody says anything, and does not print. */
const XCLUSTERS_OWN: Environment = { xcluster_PREFIX: 'fd00:' }

/** `env` and `ovld` only look around. */
const LOOK_SECONDS = 15

/**
 * Asks xcluster for its settings, and lets the topology change them, as xcluster's own tests do.
 * @throws Failure NO_XCLUSTER, XCLUSTER_FAILED, XCLUSTER_HANGS, XCLUSTER_SAYS_LITTLE (exit 3), NO_SUCH_TOPOLOGY (exit 2), and
 *   those of the settings
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
    timeoutSeconds: LOOK_SECONDS,
    exitCode: 3,
    onLine,
    signal,
  })
  const { values, others } = parseAssignments(text)
  others.forEach(onLine)
  checkWhatItSays(command, values)
  const below: readonly Layer[] = [
    { origin: 'test', values: test },
    { origin: 'xcluster', values },
    { origin: 'random', values: drawn },
    { origin: 'xcluster', values: XCLUSTERS_OWN },
  ]
  const insists: Layer = { origin: 'test', values: forced }
  const read = (above: readonly Layer[]) => readBoth(options, environment, { above, below })
  const before = read([insists])
  if (!before.settings.cluster.topology) return before
  return read([insists, { origin: 'topology', values: await sourceTopology(before, values, request) }])
}

function readBoth(options: Environment, environment: Environment, layers: ExtraLayers) {
  const more = { ...layers, kind: 'xcluster' }
  const { settings, own } = readSettingsOfKind(options, environment, more, readXcluster)
  return { settings, xcluster: own }
}

/** What it says itself: in the environment there may be directories of yesterday's xcluster. */
function checkWhatItSays(command: string, values: Environment): void {
  const missing = ['XCLUSTER_HOME', 'XCLUSTER_TMP'].find(name => !values[name])
  if (!missing) return
  throw environmentFailure('XCLUSTER_SAYS_LITTLE', `'${command} env' does not say ${missing}`, {
    hint: 'is $XCLUSTER the command of xcluster?',
  })
}

function checkCommand(command: string): void {
  const wrong = (why: string) =>
    environmentFailure('NO_XCLUSTER', `XCLUSTER=${command}: ${why}`, {
      hint: 'it is the path of the command of xcluster; without it, or with --cluster embedded, VMs of our own are started',
    })
  if (!command) throw wrong('is not set')
  if (isStandIn(command)) throw wrong('is the command that stands in for it, and drives VMs of our own')
  if (!fs.existsSync(command)) throw wrong('there is no such file')
  if (!fs.statSync(command).isFile()) throw wrong('is not a file')
  try {
    fs.accessSync(command, fs.constants.X_OK)
  } catch {
    throw wrong('is not executable')
  }
}

/**
 * Sources the topology's `Envsettings` in a shell, as the contract has it ("Host environment", `TOPOLOGY`).
 * @param values what xcluster printed: the file may use it
 * @returns the variables that it changed
 */
async function sourceTopology(
  { settings, xcluster: { command, exports } }: ReturnType<typeof readBoth>,
  values: Environment,
  { signal, onLine }: SettingsRequest,
): Promise<Environment> {
  const { topology } = settings.cluster
  const call = { command, exports, timeoutSeconds: LOOK_SECONDS, exitCode: 3, onLine, signal } as const
  const directory = (await callXcluster({ ...call, words: ['ovld', 'network-topology'] })).trim()
  const file = envsettingsOf(directory, topology)
  if (!fs.existsSync(file)) {
    throw usageFailure('NO_SUCH_TOPOLOGY', `TOPOLOGY=${topology}: there is no ${file}`, {
      hint: `topologies are directories of ${directory} with such a file`,
    })
  }
  return await sourceEnvsettings(file, { ...said(values), ...exports }, onLine, signal)
}

const said = (values: Environment): Record<string, string> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== undefined))
