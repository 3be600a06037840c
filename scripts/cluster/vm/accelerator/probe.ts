import { spawn } from 'node:child_process'
import type { Duplex } from 'node:stream'
import { childEnvironment } from '../../../host/child-environment.ts'
import { afterRunning } from '../../../host/deadline.ts'
import { openControl } from '../control.ts'
import type { GuestImage } from '../image/cache.ts'
import { bootOptions } from '../machine.ts'

const MEMORY_MIB = 256

/**
 * Starts a guest to see whether it gets ready. Its QEMU is gone afterwards, whatever comes out.
 * @param patienceMs how long it may take
 * @param signal ends the waiting; the promise rejects with its reason
 * @returns why it did not get ready; nothing when it did
 */
export async function probe(
  image: Pick<GuestImage, 'kernel' | 'initrd' | 'root'>,
  accelerator: 'kvm' | 'tcg',
  patienceMs: number,
  signal?: AbortSignal,
): Promise<string | undefined> {
  signal?.throwIfAborted()
  const { kernel, initrd, root } = image
  const words = bootOptions({ kernel, initrd, disks: [root], accelerator }, MEMORY_MIB, 1)
  const child = spawn('qemu-system-x86_64', [...words, '-chardev', 'socket,id=control,fd=3'], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    // Ctrl-C is ours to handle: it must not look like a guest that failed.
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
  let giveUp: (() => void) | undefined
  const patience = new Promise<string>((resolve, reject) => {
    const stopTimer = afterRunning(patienceMs, () => resolve(`a guest did not get ready in ${patienceMs / 1000} s`))
    const abort = () => reject(signal?.reason)
    signal?.addEventListener('abort', abort, { once: true })
    giveUp = () => {
      stopTimer()
      signal?.removeEventListener('abort', abort)
    }
  })
  try {
    const ready = control.reached('ready').then(
      () => undefined,
      (error: Error) => error.message,
    )
    return await Promise.race([ready, ended, patience])
  } finally {
    giveUp?.()
    child.kill('SIGKILL')
    await ended
    control.close()
    process.off('exit', killNow)
  }
}
