import type { Preparation } from '../../cluster/kind.ts'
import { KINDS } from '../../cluster/kinds.ts'
import { environmentFailure, type Failure } from '../../errors/failure.ts'
import type { Environment } from '../../host/environment.ts'
import {
  missing,
  type Requirement,
  TO_BUILD,
  TO_RUN,
  TO_RUN_NAMESPACES,
  TO_RUN_OVLS_TESTS,
  TO_TEST,
} from '../../host/requirements.ts'
import { requireUserNamespaces } from '../../host/user-namespaces.ts'
import { type Guest, guestWords, nativeArchitecture } from '../../settings/guest.ts'
import type { AcceleratorChoice, Directories } from '../../settings/settings.ts'
import { installCommands, installPackages } from './install.ts'

/** Needed by some tests only: `test` does not require it, `setup` installs it. */
const FOR_SOME: readonly Requirement[] = [{ command: '/usr/lib/cni/bridge', package: 'containernetworking-plugins' }]

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
  readonly onLine: (line: string) => void
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
  const native = nativeArchitecture()
  const wanted = [
    ...TO_RUN.filter(({ architecture = native }) => [native, request.guest.architecture].includes(architecture)),
    ...TO_RUN_NAMESPACES,
    ...TO_RUN_OVLS_TESTS,
    ...TO_BUILD,
    ...FOR_SOME,
    ...(request.tests ? TO_TEST : []),
  ]
  const lacking = missing(wanted, request.environment)
  if (request.check) return await check(lacking, preparations, request)
  await install(lacking, request)
  if (request.tests) requireUserNamespaces(request.environment)
  for (const { make } of preparations) await make({ ...request, remedy: again(request) })
}

/** `--check`: runs and writes nothing. */
async function check(lacking: readonly Requirement[], preparations: readonly Preparation[], request: SetupRequest) {
  const { environment, tests, onLine } = request
  onLine(lacking.length === 0 ? 'packages: all are installed' : `packages: this host lacks ${listOf(lacking)}`)
  const unprepared: Failure[] = []
  for (const preparation of preparations) {
    const failure = await preparation.check({ ...request, remedy: again(request) })
    if (failure) unprepared.push(failure)
  }
  if (lacking.length > 0) throw lacks(lacking, request)
  if (tests) requireUserNamespaces(environment)
  if (unprepared[0]) throw unprepared[0]
}

async function install(lacking: readonly Requirement[], request: SetupRequest): Promise<void> {
  const { environment, onLine, signal } = request
  if (lacking.length === 0) return onLine('packages: all are installed')
  onLine(`packages: this host lacks ${listOf(lacking)}`)
  const commands = installCommands(packagesOf(lacking), environment)
  if (!commands) throw lacks(lacking, request)
  await installPackages(commands, environment, onLine, signal)
  const still = missing(lacking, environment)
  if (still.length > 0) throw lacks(still, request)
}

const packagesOf = (lacking: readonly Requirement[]) => [...new Set(lacking.map(({ package: name }) => name))]

const listOf = (lacking: readonly Requirement[]) =>
  lacking.map(({ command, package: name }) => `${command} (package ${name})`).join(', ')

const again = ({ tests, guest }: SetupRequest) =>
  ['./netns.ts setup', ...(tests ? ['--tests'] : []), ...guestWords(guest)].join(' ')

const lacks = (lacking: readonly Requirement[], request: SetupRequest) => {
  const administrator = `apt-get install --no-install-recommends ${packagesOf(lacking).join(' ')}`
  return environmentFailure('HOST_LACKS', `this host lacks the packages ${packagesOf(lacking).join(' ')}`, {
    hint: request.check
      ? `run: ${again(request)} (or, as an administrator: ${administrator})`
      : `an administrator can run: ${administrator}`,
  })
}
