import type { Preparation, PreparationRequest } from '../../cluster/kind.ts'
import { KINDS } from '../../cluster/kinds.ts'
import { environmentFailure, type Failure } from '../../errors/failure.ts'
import { type Distribution, packageNames, readDistribution } from '../../host/distribution.ts'
import type { Environment } from '../../host/environment.ts'
import { missing, type Requirement } from '../../host/requirements.ts'
import { requireUserNamespaces } from '../../host/user-namespaces.ts'
import { type Guest, guestWords } from '../../settings/guest.ts'
import type { AcceleratorChoice, Directories } from '../../settings/settings.ts'
import { installCommands, installPackages } from './install.ts'
import { EXAMPLE_PACKAGES, findParts, type Purpose, purposesOf } from './parts.ts'
import { describeHost, type HostReport, remedyFor, reportText } from './report.ts'

export interface SetupRequest {
  readonly directories: Directories
  readonly accelerator: AcceleratorChoice
  /** The image to build. */
  readonly guest: Guest
  /** Include the requirements of the project's own tests. */
  readonly tests: boolean
  /** Report only. */
  readonly check: boolean
  /** Rebuild the image with current packages. */
  readonly refresh: boolean
  readonly environment: Environment
  /** Another one than this host's, in tests. */
  readonly distribution?: Distribution
  readonly onLine: (line: string) => void
  /** With `check`: gets the report instead of lines with it. */
  readonly onReport?: ((report: HostReport) => void) | undefined
  readonly signal?: AbortSignal
}

/**
 * Prepares this host for embedded clusters: installs missing packages, builds the image, reports how VMs run.
 * Idempotent.
 * @throws Failure HOST_LACKS or NO_IMAGE when something is missing and may not, or cannot, be installed;
 *   INSTALL_FAILED, NO_NAMESPACES (all exit 3); or of the image's build
 */
export async function setUp(request: SetupRequest): Promise<void> {
  const kinds = await Promise.all(KINDS.map(kind => kind.load()))
  const preparations = (await Promise.all(kinds.map(kind => kind.preparation?.()))).flatMap(found => found ?? [])
  const purposes = purposesOf(request.tests, request.guest)
  const wanted = purposes.flatMap(({ requirements }) => requirements)
  const lacking = missing(wanted, request.environment)
  if (request.check) return await check(lacking, purposes, preparations, request)
  await install(lacking, request)
  if (request.tests) requireUserNamespaces(request.environment)
  for (const { make } of preparations) await make(preparationOf(request))
}

/** The project's own tests also run the examples, on an image with the packages of all of them. */
function preparationOf(request: SetupRequest): PreparationRequest {
  const { guest, tests } = request
  const packages = [...new Set([...guest.packages, ...EXAMPLE_PACKAGES])].sort()
  return { ...request, otherGuests: tests ? [{ ...guest, packages }] : [], remedy: again(request) }
}

/** `--check`: installs and writes nothing. */
async function check(
  lacking: readonly Requirement[],
  purposes: readonly Purpose[],
  preparations: readonly Preparation[],
  request: SetupRequest,
): Promise<void> {
  const { environment, tests, onLine, onReport } = request
  const distribution = request.distribution ?? readDistribution()
  const report: HostReport = {
    host: describeHost(distribution),
    parts: await findParts(purposes, environment),
    clusters: preparations.map(preparation => preparation.ability(request)),
    remedy: lacking.length > 0 ? remedyFor(distribution, again(request), packagesOf(lacking)) : undefined,
  }
  if (onReport) onReport(report)
  else for (const line of reportText(report).trimEnd().split('\n')) onLine(line)
  const unprepared: Failure[] = []
  for (const preparation of preparations) {
    const failure = await preparation.check(preparationOf(request))
    if (failure) unprepared.push(failure)
  }
  if (lacking.length > 0) throw lacks(lacking, request)
  if (tests) requireUserNamespaces(environment)
  if (unprepared[0]) throw unprepared[0]
}

/**
 * Installs missing packages with apt; names them for other package managers.
 * @throws Failure HOST_LACKS, INSTALL_FAILED (exit 3)
 */
export async function install(lacking: readonly Requirement[], request: SetupRequest): Promise<void> {
  const { environment, onLine, signal } = request
  if (lacking.length === 0) return onLine('packages: all are installed')
  onLine(`packages: this host lacks ${listOf(lacking)}`)
  const { manager, id } = request.distribution ?? readDistribution()
  const commands = manager?.name === 'apt' ? installCommands(packagesOf(lacking), environment) : undefined
  if (!commands) throw lacks(lacking, request)
  await installPackages(commands, environment, onLine, signal, id === 'ubuntu' ? UBUNTU_HINT : undefined)
  const still = missing(lacking, environment)
  if (still.length > 0) throw lacks(still, request)
}

const UBUNTU_HINT = 'see its output above; the packages are in the component universe: sudo add-apt-repository universe'

const packagesOf = (lacking: readonly Requirement[]) => [...new Set(lacking.map(({ package: name }) => name))]

const listOf = (lacking: readonly Requirement[]) =>
  lacking.map(({ command, package: name }) => `${command} (package ${name})`).join(', ')

const again = ({ tests, guest }: SetupRequest) =>
  ['./netns.ts setup', ...(tests ? ['--tests'] : []), ...guestWords(guest)].join(' ')

/** Names the packages as the distribution does, or else the commands. */
function lacks(lacking: readonly Requirement[], request: SetupRequest): Failure {
  const distribution = request.distribution ?? readDistribution()
  const { manager, name } = distribution
  const packages = packagesOf(lacking)
  if (!manager)
    return environmentFailure('HOST_LACKS', `this host lacks ${lacking.map(({ command }) => command).join(', ')}`, {
      hint: `install them; the names of their packages on ${name} are unknown`,
    })
  const names = packageNames(manager, packages)
  const administrator = `${manager.install} ${names.join(' ')}`
  return environmentFailure('HOST_LACKS', `this host lacks the packages ${names.join(' ')}`, {
    hint:
      request.check && manager.name === 'apt'
        ? `run: ${again(request)} (or, as an administrator: ${administrator})`
        : `an administrator can run: ${administrator}`,
  })
}
