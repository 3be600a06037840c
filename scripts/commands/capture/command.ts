import { type Command, InvalidArgumentError, Option } from 'commander'
import type { CaptureOptions } from './tcpdump.ts'

/**
 * Defines `capture`: the packets of a VM or POD.
 * @param signal ends it before it captures; then it is tcpdump that gets the signals
 * @param setExitCode gets tcpdump's
 */
export const defineCapture = (command: Command, signal: AbortSignal, setExitCode: (code: number) => void): Command =>
  command
    .description('show the packets in a VM or POD of a running cluster, or write them as pcap, until Ctrl-C (tcpdump)')
    .argument('<target>', 'a VM (vm-002) or a POD (vm-002-ns03)')
    .argument('[filter...]', 'which packets, as in "icmp and host 172.16.1.3": pcap-filter(7)')
    .option('-i, --interface <interface>', 'an interface there', 'any')
    .option('-w, --write <file>', 'write pcap into a file of this host; - for standard output')
    .addOption(new Option('-c, --count <n>', 'end after so many packets').argParser(readCount))
    .addHelpText(
      'after',
      `
Examples:
  ./netns.ts capture vm-001-ns02 icmp or icmp6
  ./netns.ts capture vm-001-ns02 -i eth0 -w - | wireshark -k -i -`,
    )
    .action(async (target: string, filter: string[], options: CaptureOptions) => {
      const { captureOn } = await import('./tcpdump.ts')
      setExitCode(await captureOn(target, options, filter.join(' '), signal))
    })

/** A number of packets. */
function readCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a number from 1 on.')
}
