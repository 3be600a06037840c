import path from 'node:path'
import { discardEntry, ensureEntry, entryDirectory, keyOf } from '../../../cache/cached.ts'
import { hostAndQemu } from '../accelerator/probe-result.ts'
import type { GuestImage } from '../image/cache.ts'
import type { MachineParts } from '../machine.ts'
import type { Hardware } from './hardware.ts'
import { RAM, STATE, saveTemplate } from './save.ts'

/** A saved, booted VM without identity, from which nodes are restored. */
export interface Template {
  /** The memory file. Clones map it copy-on-write, so pages that none of them writes exist once. */
  readonly ram: string
  /** The device state. */
  readonly state: string
  /** Removes it from the cache, so that the next run saves another one. Never throws. */
  discard(): void
}

export interface TemplateRequest {
  readonly cacheDirectory: string
  /** The directory of the cluster in which the template's VM runs; stopping that cluster stops it. */
  readonly clusterDirectory: string
  readonly image: GuestImage
  readonly accelerator: MachineParts['accelerator']
  /** Sizes of the ovl disks in bytes. */
  readonly slots: readonly number[]
  readonly onProgress: (line: string) => void
  readonly signal: AbortSignal
}

const FILES = [RAM, STATE]

/**
 * Returns the template for a hardware from the cache; saves one when it is missing or damaged.
 * @throws Failure NO_TEMPLATE (exit 4), CACHE_NOT_WRITABLE, NO_SPACE (exit 3); the signal's reason when it is aborted
 */
export async function ensureTemplate(hardware: Hardware, request: TemplateRequest): Promise<Template> {
  const { cacheDirectory, clusterDirectory, image, accelerator, slots, onProgress, signal } = request
  const { kernel, initrd, root, architecture } = image
  const entry = {
    cacheDirectory,
    kind: 'template',
    files: FILES,
    key: keyOf(
      { hardware, image: image.digest, accelerator, slots, host: hostAndQemu(architecture) },
      [import.meta.dirname],
      MACHINE,
    ),
    build: async (directory: string) => {
      await saveTemplate({
        directory,
        clusterDirectory,
        hardware,
        parts: { kernel, initrd, disks: [root], accelerator, architecture },
        slots,
        signal,
      })
      return {}
    },
    onProgress,
    signal,
  }
  await ensureEntry(entry)
  const directory = entryDirectory(entry)
  return {
    ram: path.join(directory, RAM),
    state: path.join(directory, STATE),
    discard: () => discardEntry(entry),
  }
}

/** The files that determine QEMU's options: part of the cache key. */
const MACHINE = ['machine.ts', 'architectures.ts'].map(name => path.resolve(import.meta.dirname, '..', name))
