import { environmentFailure } from '../../errors/failure.ts'
import type { Preparation } from '../kind.ts'
import { chooseAccelerator, describeKvm } from './accelerator/choose.ts'
import { ensureImage, findImage, type GuestImage } from './image/cache.ts'
import { readCodename } from './image/release.ts'

/** The image of the VMs, and whether KVM works. */
export const preparation: Preparation = {
  checkHost: () => void readCodename(),
  make: async ({ directories, accelerator, refresh, onLine, signal }) => {
    const common = { cacheDirectory: directories.cache, ...(signal && { signal }) }
    const image = await ensureImage({ ...common, onProgress: onLine, refresh })
    onLine(describeImage(image))
    // Whoever sets up has perhaps just changed what was in the way of KVM.
    await chooseAccelerator({ ...common, wanted: accelerator, image, onNotice: onLine, again: true })
    onLine(describeKvm(directories.cache))
  },
  check: async ({ directories, remedy, onLine }) => {
    const image = await findImage(directories.cache, onLine)
    onLine(image ? describeImage(image) : 'image: is not made yet')
    onLine(describeKvm(directories.cache))
    return image ? undefined : environmentFailure('NO_IMAGE', 'the image is not made yet', { hint: `run: ${remedy}` })
  },
}

const describeImage = ({ directory, kernelVersion }: GuestImage): string =>
  `image: ${directory}, kernel ${kernelVersion}`
