import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'

/** What the guest says on its control port, see guest/root/etc/netns/become.pl: `ready`, `up`, `failed <reason>`. */
export type Stage = 'ready' | 'up'

/** The host's end of a VM's control port. */
export interface Control {
  /**
   * Resolves when the guest says that it has come so far.
   * @throws Error with the guest's reason when it gave up
   */
  reached(stage: Stage): Promise<void>
  send(message: Buffer): void
  close(): void
}

/** @param port the socket behind the VM's virtio-serial port */
export function openControl(port: Duplex): Control {
  const said = new Set<string>()
  let failure: Error | undefined
  const waiting = new Set<() => void>()
  const wake = () => {
    for (const look of waiting) look()
  }
  const lines = createInterface({ input: port })
  lines.on('line', line => {
    if (line.startsWith('failed ')) failure ??= new Error(line.slice('failed '.length))
    said.add(line)
    wake()
  })
  // The VM ended: its process says so. The interface passes on what its input throws.
  for (const stream of [port, lines]) stream.on('error', () => {})
  return {
    reached: stage =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (failure) reject(failure)
          else if (said.has(stage)) resolve()
          else return
          waiting.delete(look)
        }
        waiting.add(look)
        look()
      }),
    send: message => port.write(message),
    close: () => port.destroy(),
  }
}
