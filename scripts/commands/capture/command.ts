import { InvalidArgumentError, Option } from 'commander'
import { addClusterOptions } from '../../command-line/cluster-options.ts'
import type { CommandDefinition } from '../../command-line/command.ts'
import { completedBy } from '../../command-line/completion/source.ts'
import { withExamples } from '../../command-line/finish.ts'
import { targetArgument } from '../../command-line/target.ts'

interface CaptureOptions {
  readonly interface: string
  readonly write?: string
  readonly count?: number
}

/** `capture`: the packets of a node or POD. */
export const capture: CommandDefinition = {
  name: 'capture',
  define: (command, { signal, setExitCode }) => {
    command
      .description('show packets on a node or in a POD, or write them as pcap')
      .addArgument(targetArgument())
      .argument('[filter...]', 'a filter such as "icmp and host 172.16.1.3", see pcap-filter(7)')
      .option('-i, --interface <interface>', 'capture on one interface', 'any')
      .addOption(completedBy(writeOption(), 'files'))
      .addOption(new Option('-c, --count <n>', 'stop after <n> packets').argParser(readCount))
    addClusterOptions(command).action(async (target: string, filter: string[], options: CaptureOptions) => {
      const [{ captureOn }, { readClusterChoice }] = await Promise.all([
        import('./tcpdump.ts'),
        import('../../command-line/request.ts'),
      ])
      setExitCode(await captureOn(target, { ...options, ...readClusterChoice(command) }, filter.join(' '), signal))
    })
    withExamples(command, [
      ['./netns.ts capture vm-001-ns02 icmp or icmp6', 'pings in a POD'],
      ['./netns.ts capture vm-001-ns02 -i eth0 -w - | wireshark -k -i -', 'in Wireshark'],
    ])
  },
}

const writeOption = () => new Option('-w, --write <file>', 'write pcap to a file on this host; - for stdout')

function readCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a number of at least 1.')
}
