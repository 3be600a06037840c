import { chooseAccelerator } from '../cluster/embedded/accelerator/choose.ts'
import { ensureImage } from '../cluster/embedded/image/cache.ts'
import { environmentFailure } from '../errors/failure.ts'
import { missing, type Requirement, searchPath, TO_BUILD, TO_RUN } from '../host/requirements.ts'
import type { AcceleratorWish, Directories } from '../settings/settings.ts'
import type { Environment } from '../settings/sources.ts'
import { installPackages, isAdministrator } from './install.ts'

/** Not needed by all tests, so that `test` does without; `setup` brings it. */
const FOR_SOME: readonly Requirement[] = [
  { command: '/usr/lib/cni/bridge', package: 'containernetworking-plugins' },
  { command: 'xz', package: 'xz-utils' },
]

export interface SetupRequest {
  readonly directories: Directories
  readonly accelerator: AcceleratorWish
  /** Only tell. */
  readonly check: boolean
  /** Make the image anew, with the packages of today. */
  readonly refresh: boolean
  readonly environment: Environment
  readonly onLine: (line: string) => void
}

/**
 * Makes this host fit for the embedded cluster: installs the packages that it lacks, makes the image, and tells how VMs will run.
 * What is there already is left alone.
 * @throws Failure HOST_LACKS (exit 3) when something is missing and must not, or cannot, be installed
 */
export async function setUp(request: SetupRequest): Promise<void> {
  const { check, environment, onLine, directories } = request
  const lacking = missing([...TO_RUN, ...TO_BUILD, ...FOR_SOME], environment)
  const packages = [...new Set(lacking.map(requirement => requirement.package))]
  if (packages.length === 0) onLine('packages: all are installed')
  else {
    const command = `apt-get install --no-install-recommends ${packages.join(' ')}`
    onLine(`packages: this host lacks ${lacking.map(({ command: name }) => name).join(', ')}`)
    const hasSudo = missing([{ command: 'sudo', package: 'sudo' }], environment).length === 0
    if (check || !(isAdministrator() || hasSudo)) {
      const who = isAdministrator() ? 'run' : 'an administrator can run'
      throw environmentFailure('HOST_LACKS', `this host lacks the packages ${packages.join(' ')}`, {
        hint: `${who}: ${command}`,
      })
    }
    await installPackages(packages, searchPath(environment), onLine)
  }
  if (check) {
    onLine('image: made by the first run that needs it, or by ./netns.ts setup')
    return
  }
  const image = await ensureImage({ cacheDirectory: directories.cache, onProgress: onLine, refresh: request.refresh })
  onLine(`image: ${image.root}, kernel ${image.kernelVersion}`)
  const { kind, reason } = await chooseAccelerator({
    wanted: request.accelerator,
    image,
    cacheDirectory: directories.cache,
    onNotice: onLine,
  })
  if (kind === 'kvm') onLine(`VMs will run with KVM: ${reason}`)
}
