import { spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { childEnvironment } from '../../../host/child-environment.ts'
import { afterRunning } from '../../../host/deadline.ts'
import { MACHINE_TYPES } from '../architectures.ts'
import { openControl } from '../control.ts'
import type { GuestImage } from '../image/cache.ts'
import { bootOptions } from '../machine.ts'

const MEMORY_MIB = 256

/**
 * Tests whether a guest boots. Its QEMU has ended when the promise settles.
 * @param signal when aborted, the promise rejects with its reason
 * @returns why the guest did not get ready; undefined when it did
 */
export async function probe(
  image: Pick<GuestImage, 'kernel' | 'initrd' | 'root' | 'architecture'>,
  accelerator: 'kvm' | 'tcg',
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<string | undefined> {
  signal?.throwIfAborted()
  const { kernel, initrd, root, architecture } = image
  const words = bootOptions({ kernel, initrd, disks: [root], accelerator, architecture }, MEMORY_MIB, 1)
  const child = spawn(MACHINE_TYPES[architecture].qemu, [...words, '-chardev', 'socket,id=control,fd=3'], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    // Keeps Ctrl-C from reaching QEMU, where it would look like a failed guest.
    detached: true,
    env: childEnvironment(),
  })
  let errors = ''
  child.stderr?.on('data', chunk => (errors += chunk))
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('close', () => resolve(`QEMU ended: ${errors.trim().split('\n').at(-1)}`))
  })
  const killNow = () => child.kill('SIGKILL')
  process.once('exit', killNow)
  const control = openControl(child.stdio[3] as Duplex)
  let stopWaiting: (() => void) | undefined
  const timeout = new Promise<string>((resolve, reject) => {
    const stopTimer = afterRunning(timeoutMs, () => resolve(`a guest did not get ready within ${timeoutMs / 1000} s`))
    const abort = () => reject(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    stopWaiting = () => {
      stopTimer()
      signal?.removeEventListener('abort', abort)
    }
  })
  try {
    const ready = control.reached('ready').then(
      () => undefined,
      (error: Error) => error.message,
    )
    return await Promise.race([ready, ended, timeout])
  } finally {
    stopWaiting?.()
    child.kill('SIGKILL')
    await ended
    control.close()
    process.off('exit', killNow)
  }
}
