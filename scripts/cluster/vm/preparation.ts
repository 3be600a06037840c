import { environmentFailure } from '../../errors/failure.ts'
import { callersEnvironment } from '../../host/environment.ts'
import { forArchitectures, missing, TO_BUILD, TO_RUN } from '../../host/requirements.ts'
import { nativeArchitecture } from '../../settings/guest.ts'
import type { Preparation } from '../kind.ts'
import { chooseAccelerator, describeAbility, describeKvm } from './accelerator/choose.ts'
import { ensureImage, findImage, type GuestImage, inspectImage } from './image/cache.ts'
import { ensurePlugins } from './image/plugins.ts'
import { requireKernelFiles } from './kernel-files.ts'

/** Builds the guest image and probes KVM. */
export const preparation: Preparation = {
  make: async ({ directories, accelerator, guest, otherGuests, refresh, onLine, signal }) => {
    await requireKernelFiles(guest)
    const common = { cacheDirectory: directories.cache, ...(signal && { signal }) }
    const image = await ensureImage({ ...common, guest, onProgress: onLine, refresh })
    await ensurePlugins(guest, { ...common, onProgress: onLine })
    onLine(describeImage(image))
    for (const other of otherGuests)
      onLine(describeImage(await ensureImage({ ...common, guest: other, onProgress: onLine, refresh })))
    // The user may have just fixed what kept KVM from working.
    await chooseAccelerator({ ...common, requested: accelerator, image, onNotice: onLine, retry: true })
    onLine(describeKvm(directories.cache))
  },
  ability: ({ directories }) => {
    const native = nativeArchitecture()
    const needed = forArchitectures([...TO_RUN, ...TO_BUILD], [native])
    const [lacking] = missing(needed, callersEnvironment)
    const how = lacking ? `this host lacks ${lacking.command}` : describeAbility(directories.cache)
    return { kind: 'embedded', works: !lacking, how }
  },
  image: async ({ directories, guest, onLine }) => await inspectImage(directories.cache, guest, onLine),
  check: async ({ directories, guest, otherGuests, remedy, onLine }) => {
    const missing: string[] = []
    for (const each of [guest, ...otherGuests]) {
      const image = await findImage(directories.cache, each, onLine)
      const name = each.packages.length > 0 ? `image with ${each.packages.join(', ')}` : 'image'
      onLine(image ? describeImage(image) : `${name}: not built yet`)
      if (!image) missing.push(name)
    }
    onLine(describeKvm(directories.cache))
    const [first] = missing
    return first === undefined
      ? undefined
      : environmentFailure('NO_IMAGE', `the guest ${first} is not built yet`, { hint: `run: ${remedy}` })
  },
}

const describeImage = ({ directory, kernelVersion }: GuestImage): string =>
  `image: ${directory}, kernel ${kernelVersion}`
