import { chooseAccelerator, describeAccelerator } from '../cluster/embedded/accelerator/choose.ts'
import { ensureImage, findImage } from '../cluster/embedded/image/cache.ts'
import { readCodename } from '../cluster/embedded/image/release.ts'
import { environmentFailure } from '../errors/failure.ts'
import { missing, type Requirement, TO_BUILD, TO_RUN } from '../host/requirements.ts'
import type { AcceleratorWish, Directories } from '../settings/settings.ts'
import type { Environment } from '../settings/sources.ts'
import { installCommands, installPackages } from './install.ts'

/** Not needed by all tests, so that `test` does without; `setup` brings it. */
const FOR_SOME: readonly Requirement[] = [{ command: '/usr/lib/cni/bridge', package: 'containernetworking-plugins' }]

export interface SetupRequest {
  readonly directories: Directories
  readonly accelerator: AcceleratorWish
  /** Only tell. */
  readonly check: boolean
  /** Make the image anew, with the packages of today. */
  readonly refresh: boolean
  readonly environment: Environment
  readonly onLine: (line: string) => void
  readonly signal?: AbortSignal
}

/**
 * Makes this host fit for the embedded cluster: installs the packages that it lacks, makes the image, and tells how VMs will run.
 * What is there already is left alone.
 * @throws Failure UNSUPPORTED_HOST; HOST_LACKS or NO_IMAGE when something is missing and must not, or cannot, be installed;
 *   INSTALL_FAILED (all exit 3); or of the image's build
 */
export async function setUp(request: SetupRequest): Promise<void> {
  readCodename()
  const lacking = missing([...TO_RUN, ...TO_BUILD, ...FOR_SOME], request.environment)
  if (request.check) return await tell(lacking, request)
  await install(lacking, request)
  const { directories, refresh, onLine, signal } = request
  const common = { cacheDirectory: directories.cache, ...(signal && { signal }) }
  const image = await ensureImage({ ...common, onProgress: onLine, refresh })
  onLine(`image: ${image.directory}, kernel ${image.kernelVersion}`)
  // A person who sets up has perhaps just changed what was in the way of KVM.
  const accelerator = await chooseAccelerator({
    ...common,
    wanted: request.accelerator,
    image,
    onNotice: onLine,
    again: true,
  })
  onLine(`VMs will be ${describeAccelerator(accelerator)}`)
}

/** What `--check` does: nothing is run or written. */
async function tell(lacking: readonly Requirement[], { directories, onLine }: SetupRequest): Promise<void> {
  const image = await findImage(directories.cache, onLine)
  onLine(lacking.length === 0 ? 'packages: all are installed' : `packages: this host lacks ${listOf(lacking)}`)
  onLine(image ? `image: ${image.directory}, kernel ${image.kernelVersion}` : 'image: is not made yet')
  if (lacking.length > 0) throw lacks(lacking)
  if (!image) throw environmentFailure('NO_IMAGE', 'the image is not made yet', { hint: 'run: ./netns.ts setup' })
}

async function install(lacking: readonly Requirement[], { environment, onLine, signal }: SetupRequest): Promise<void> {
  if (lacking.length === 0) return onLine('packages: all are installed')
  onLine(`packages: this host lacks ${listOf(lacking)}`)
  const commands = installCommands(packagesOf(lacking), environment)
  if (!commands) throw lacks(lacking)
  await installPackages(commands, environment, onLine, signal)
  const still = missing(lacking, environment)
  if (still.length > 0) throw lacks(still)
}

const packagesOf = (lacking: readonly Requirement[]) => [...new Set(lacking.map(({ package: name }) => name))]

const listOf = (lacking: readonly Requirement[]) =>
  lacking.map(({ command, package: name }) => `${command} (package ${name})`).join(', ')

const lacks = (lacking: readonly Requirement[]) =>
  environmentFailure('HOST_LACKS', `this host lacks the packages ${packagesOf(lacking).join(' ')}`, {
    hint: `an administrator can run: apt-get install --no-install-recommends ${packagesOf(lacking).join(' ')}`,
  })
