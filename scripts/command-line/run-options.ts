import { type Command, Option } from 'commander'
import { clusterOption, nameOption } from './cluster-options.ts'
import { completedBy } from './completion/source.ts'
import { collect } from './repeated.ts'

/** The options that decide how a test runs. */
export const addRunOptions = (command: Command): Command =>
  command
    .optionsGroup('The VMs:')
    .option('--nvm <n>', 'VMs that hold PODs, 1–200 (default: 4)')
    .option('--nrouters <n>', 'VMs that route, 0–20 (default: 0)')
    .option('--ntesters <n>', 'VMs outside, 0–20 (default: 0)')
    .option('--mem <MiB>', 'memory of each VM (default: 256); --mem3=512 for vm-003 alone')
    .option('--smp <n>', 'CPUs of each VM (default: 1); --smp3=2 for vm-003 alone')
    .addOption(clusterOption())
    .addOption(completedBy(acceleratorOption(), ['kvm', 'tcg', 'auto']))
    .option('--cold', 'boot each VM, instead of going on from a booted one that is kept')
    .option('--xterm', "consoles of xcluster's VMs in xterm, not in screen")
    .addOption(nameOption())
    .optionsGroup('The run:')
    .option(
      '--timeout <seconds>',
      'for the VMs to come up, and for each step (default: 60, more for many VMs and PODs)',
    )
    .addOption(completedBy(familyOption(), ['4', '6', 'both']))
    .option('--no-start', 'use a running cluster: the one that --name names, else default, else the only one')
    .option('--stop', 'stop the cluster at the end, whatever the test and its result')
    .option('--no-stop', 'leave the cluster running, whatever the test and its result')
    .option('--replace', 'stop a running cluster of this name even while it is in use')
    .option('--strict', 'a test of all that is left out counts as failed')
    .addOption(completedBy(ovlOption(), 'files'))
    .allowUnknownOption()

const acceleratorOption = () =>
  new Option('--accel <kvm|tcg|auto>', 'auto: KVM where a guest was seen to come up with it (default: auto)')

const familyOption = () =>
  new Option('--family <4|6|both>', 'IP versions that the matrix proves, and that each POD must have (default: both)')

const ovlOption = () => new Option('--ovl <directory>', 'one more ovl; can be repeated').argParser(collect).default([])
