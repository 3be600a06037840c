#!/bin/sh
':' //; program=; case $0 in *..*) ;; /* | ./*) [ -L "$0" ] || program=$0 ;; esac; : "${program:=$(readlink -f -- "$0")}"; . "${program%/*}/scripts/launch/run.sh"
// The line above makes a shell start Node with this file; for TypeScript it is a string and a comment.

import { Command, Option } from 'commander'
import { KINDS } from './scripts/cluster/kinds.ts'
import { runProgram } from './scripts/command-line/edge.ts'
import { finishProgram, withExamples } from './scripts/command-line/finish.ts'
import { addReportingOptions } from './scripts/command-line/reporting-options.ts'
import type { RunOptions } from './scripts/command-line/request.ts'
import { defineCapture } from './scripts/commands/capture/command.ts'
import { defineCompletion } from './scripts/commands/completion/command.ts'
import { defineCopying } from './scripts/commands/cp/command.ts'
import { defineInspecting } from './scripts/commands/inspect/command.ts'
import { defineLogs } from './scripts/commands/logs/command.ts'
import { defineMan } from './scripts/commands/man/command.ts'
import { defineShell } from './scripts/commands/shell/command.ts'
import type { StopOptions } from './scripts/commands/stop/stop.ts'
import { addPackingOptions, definePacking } from './scripts/commands/tar/command.ts'
import { defineXctest, defineXctestHook } from './scripts/commands/xctest/command.ts'
import { callersEnvironment } from './scripts/host/environment.ts'

interface ExecOptions {
  readonly name?: string
  readonly cluster?: string
  readonly stdin: boolean
}

/** Read when a command runs: help needs nothing of it, and comes in half the time. */
const request = () => import('./scripts/command-line/request.ts')

const nameOption = () => new Option('--name <cluster>', 'which cluster, where several run on this host')

const clusterOption = () =>
  new Option(
    `--cluster <${KINDS.map(({ name }) => name).join('|')}>`,
    KINDS.map(({ name, summary }) => `${name}: ${summary}`).join('; '),
  )

/** The options that decide how a test runs. */
const addRunOptions = (command: Command): Command =>
  command
    .optionsGroup('The VMs:')
    .option('--nvm <n>', 'VMs that hold PODs, 1–200 (default: 4)')
    .option('--nrouters <n>', 'VMs that route, 0–20 (default: 0)')
    .option('--ntesters <n>', 'VMs outside, 0–20 (default: 0)')
    .option('--mem <MiB>', 'memory of each VM (default: 256); --mem3=512 for vm-003 alone')
    .option('--smp <n>', 'CPUs of each VM (default: 1); --smp3=2 for vm-003 alone')
    .addOption(clusterOption())
    .option('--accel <kvm|tcg|auto>', 'auto: KVM where a guest was seen to come up with it (default: auto)')
    .option('--cold', 'boot each VM, instead of going on from a booted one that is kept')
    .option('--xterm', "consoles of xcluster's VMs in xterm, not in screen")
    .addOption(nameOption())
    .optionsGroup('The run:')
    .option(
      '--timeout <seconds>',
      'for the VMs to come up, and for each step (default: 60, more for many VMs and PODs)',
    )
    .option('--family <4|6|both>', 'IP versions that the matrix proves, and that each POD must have (default: both)')
    .option('--no-start', 'use a running cluster: the one that --name names, else default, else the only one')
    .option('--stop', 'stop the cluster at the end, whatever the test and its result')
    .option('--no-stop', 'leave the cluster running, whatever the test and its result')
    .option('--replace', 'stop a running cluster of this name even while it is in use')
    .option('--strict', 'a test of all that is left out counts as failed')
    .option('--ovl <directory>', 'one more ovl; can be repeated', (value, before: string[]) => [...before, value], [])
    .allowUnknownOption()

function makeProgram(signal: AbortSignal, setExitCode: (code: number) => void): Command {
  const program = new Command('netns.ts')
    .description('Network namespaces ("PODs") in small clusters of QEMU VMs: made, connected, addressed, and proved.')
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .exitOverride()
  withExamples(program, [
    ['./netns.ts setup', "install what the host lacks, make the VMs' image"],
    ['./netns.ts test bridge > bridge.log', 'four VMs, four PODs in each, on Linux bridges'],
    ['./netns.ts test cni_bridge --nvm=2', 'the same by CNI plugins, in two VMs'],
    ['./netns.ts test start', 'a cluster to look around in:'],
    ['./netns.ts exec vm-001 -- ip address', '…a command in a VM'],
    ['./netns.ts stop', '…and its end'],
  ])

  // Subcommands inherit exitOverride only when they are made after it was set.
  program.commandsGroup('Run tests:')
  const test = addPackingOptions(addReportingOptions(addRunOptions(program.command('test'))))
    .optionsGroup('Other options:')
    .description('run tests, each on a cluster of its own: the summary goes to stderr, the log to stdout')
    .argument('[words...]', 'tests (default: start), and ovls to be unpacked on the VMs beside netns')
    .option('--list', 'print the names of the tests; with --verbose, also what each shows')
    .option('--verbose', 'with --list: print more')
    .option('--reach <test>', 'with matrix: PODs must reach each other as in this test (default: all of them)')
    .action(async (words: string[], { list, ovl, reporter, ...rest }: RunOptions, command: Command) => {
      const { listTests, runTestCommand } = await import('./scripts/commands/test/run.ts')
      if (list) return listTests(rest.verbose === true)
      const { operands, options } = (await request()).variablesOf(rest, words, command)
      const asked = { words: operands, options, ovls: ovl, reporters: reporter, progress: rest.progress }
      setExitCode(await runTestCommand(asked, callersEnvironment, signal))
    })
  withExamples(test, [
    ['./netns.ts test --list --verbose', 'the tests, and what each shows'],
    ['./netns.ts test all --reporter junit=junit.xml > log', 'every test, with a report for a pipeline'],
    ['./netns.ts test bridge --nvm=2 --mem1=512', 'two VMs, vm-001 with 512 MiB'],
    ['./netns.ts test L2 --until-failure', 'hunt what fails now and then'],
    ['./netns.ts test cni_bridge ./my-plugin', 'with an ovl of your own'],
  ])

  const rerun = addReportingOptions(program.command('rerun'))
    .description('do a run again, in the same way, with the same seed')
    .argument('<results>', 'the directory of its results, or its results.json')
    .addOption(nameOption())
    .option('--stop', 'stop the cluster at the end, whatever the test and its result')
    .option('--no-stop', 'leave the cluster running, whatever the test and its result')
    .option('--replace', 'stop a running cluster of this name even while it is in use')
    .action(async (results: string, { reporter, ...rest }: RunOptions, command: Command) => {
      const { rerun } = await import('./scripts/commands/rerun/rerun.ts')
      const { options } = (await request()).variablesOf({ ...rest, start: true }, [], command)
      const reporting = { reporters: reporter, progress: rest.progress }
      setExitCode(await rerun(results, options, reporting, callersEnvironment, signal))
    })

  withExamples(rerun, [
    ['./netns.ts rerun results', 'the same tests, settings, ovls and seed'],
    ['./netns.ts rerun results --until-failure', 'until it happens again'],
  ])

  program
    .command('setup')
    .helpGroup('Prepare:')
    .description('install the packages that this host lacks, and make the image of the VMs')
    .option('--tests', "also install what this project's own tests call")
    .option('--check', 'only tell what is missing (exit code 3)')
    .option('--refresh', 'make the image anew, with the packages of today')
    .action(async (options: { tests?: true; check?: true; refresh?: true }) => {
      const { setUp } = await import('./scripts/commands/setup/setup.ts')
      const { directories } = await request()
      await setUp({
        directories: directories(),
        accelerator: 'auto',
        tests: options.tests === true,
        check: options.check === true,
        refresh: options.refresh === true,
        environment: callersEnvironment,
        onLine: line => process.stderr.write(`${line}\n`),
        signal,
      })
    })

  definePacking(program.command('tar').helpGroup('Prepare:'), signal)

  addPackingOptions(addReportingOptions(addRunOptions(program.command('env'))))
    .optionsGroup('Other options:')
    .description('print the settings that a test would have, and where each came from')
    .argument('[options...]', 'further options, as of test')
    .option('--json', 'for programs')
    .action(async (words: string[], { json, ovl: _, reporter: __, ...rest }: RunOptions, command: Command) => {
      const { showSettings } = await import('./scripts/commands/env/settings.ts')
      const { options } = (await request()).variablesOf(rest, words, command)
      await showSettings(options, callersEnvironment, json === true, signal)
    })

  program.commandsGroup('Look around in a cluster:')
  const exec = program
    .command('exec')
    .description('run a command in a VM or POD of a running cluster; without a command, a shell')
    .argument('<target>', 'a VM (vm-002) or a POD (vm-002-ns03)')
    .argument('[command...]', 'the command and its arguments')
    .option('-n, --no-stdin', "give the command no input; without it, exec in a `while read` loop takes the loop's")
    .addOption(nameOption())
    .addOption(clusterOption())
    .passThroughOptions()
    .action(async (target: string, command: string[], options: ExecOptions) => {
      const { execOn } = await import('./scripts/commands/exec/exec.ts')
      const terminal = callersEnvironment.TERM ?? 'dumb'
      const words = command[0] === '--' ? command.slice(1) : command
      const { onTarget } = await import('./scripts/cluster/choice.ts')
      setExitCode(await onTarget(target, options, signal, node => execOn(node, target, words, terminal, options.stdin)))
    })
  withExamples(exec, [
    ['./netns.ts exec vm-001 -- ip address', 'a command in a VM'],
    ['./netns.ts exec vm-001-ns02 -- ping -c1 172.16.1.3', 'a command in a POD'],
    ['./netns.ts exec vm-001-ns02', 'a shell'],
    ['while read -r pod; do ./netns.ts exec -n "$pod" -- ip address; done <pods', 'in a loop over a file'],
  ])

  const onCluster = (command: Command) => command.addOption(nameOption()).addOption(clusterOption())
  onCluster(defineShell(program.command('shell'), signal, setExitCode))
  onCluster(defineInspecting(program.command('inspect'), signal))
  onCluster(defineLogs(program.command('logs'), signal, setExitCode))
  onCluster(defineCapture(program.command('capture'), signal, setExitCode))
  onCluster(defineCopying(program.command('cp'), signal))

  const graph = program
    .command('graph')
    .description('draw the network of a running cluster, as its VMs tell it, on stdout')
    .addOption(
      new Option('--format <format>', 'svg, dot (of Graphviz) or json').choices(['svg', 'dot', 'json']).default('svg'),
    )
    .option('--nvm <n>', "VMs that hold PODs, where it is xcluster's (default: 4)")
    .addOption(nameOption())
    .addOption(clusterOption())
    .action(async ({ format, ...rest }: { format: 'svg' | 'dot' | 'json'; name?: string }, command: Command) => {
      const { showGraph } = await import('./scripts/commands/graph/graph.ts')
      const { options } = (await request()).variablesOf({ start: true, ...rest }, [], command)
      await showGraph(options, callersEnvironment, format, signal)
    })
  withExamples(graph, [
    ['./netns.ts graph > network.svg', 'a picture'],
    ['./netns.ts graph --format dot | dot -Tpdf > network.pdf', 'by Graphviz'],
  ])

  program
    .command('status')
    .description('list the clusters that run')
    .option('--json', 'for programs')
    .action(async (options: { json?: true }) => {
      const { showStatus } = await import('./scripts/commands/status/status.ts')
      await showStatus(options.json === true, callersEnvironment)
    })

  program
    .command('stop')
    .description('end a cluster and remove what belongs to it')
    .option('--all', 'end every cluster that this program started')
    .option('--abandoned', 'end it only if the run that started it is gone')
    .argument('[cluster]', 'its name, as with --name; without one the usual one, or the only one that runs')
    .addOption(nameOption())
    .addOption(clusterOption())
    .action(async (named: string | undefined, given: StopOptions) => {
      const { stopClusters } = await import('./scripts/commands/stop/stop.ts')
      await stopClusters(named, given, callersEnvironment, signal)
    })

  program.commandsGroup('Run the tests of other ovls:')
  defineXctestHook(program.command('xctest-hook'))
  defineXctest(program.command('xctest', { hidden: true }), signal)

  program.commandsGroup('About this program:')
  defineCompletion(program)
  defineMan(program)
  return finishProgram(program, callersEnvironment)
}

await runProgram('netns.ts', async signal => {
  let exitCode = 0
  if (process.argv.length === 2) process.argv.push('help')
  const program = makeProgram(signal, code => {
    exitCode = code
  })
  await program.parseAsync()
  return exitCode
})
