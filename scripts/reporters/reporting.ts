import type { Environment } from '../host/environment.ts'
import { expandHome } from '../settings/home.ts'
import type { ProgressKind } from './names.ts'
import type { TerminalUse } from './streams.ts'
import { readTerminalUse } from './terminal-use.ts'

/** A reporter as it was asked for. */
export interface ReporterSpec {
  readonly name: string
  /** Undefined: where the reporter writes by itself. */
  readonly target: string | undefined
}

/** What decides about reports. */
export interface Reporting {
  readonly specs: readonly ReporterSpec[]
  /** How the person's terminal is to be used. */
  readonly terminal: TerminalUse
  /** Gets results.json, report.html and the log. */
  readonly resultsDirectory: string | undefined
  /** Where the log goes that nobody asked for: a file, or stdout when undefined. Where results go, it is with them. */
  readonly logFile: string | undefined
  /** The file of GitHub Actions for the summary of a step, where there is one. */
  readonly stepSummary: string | undefined
}

/**
 * @param words of `--reporter`, each `<name>` or `<name>=<target>`, or several with commas between
 * @param stderr as a terminal, if it is one
 * @param progress what `--progress` says
 * @param logFile where the log goes that nobody asked for, where stdout is a terminal
 * @throws Failure BAD_VALUE (exit 2)
 */
export function readReporting(
  words: readonly string[],
  environment: Environment,
  resultsDirectory: string | undefined,
  stderr: { isTTY?: boolean },
  progress: ProgressKind = 'auto',
  logFile?: string,
): Reporting {
  const specs = words
    .flatMap(text => text.split(',').filter(Boolean))
    .map(word => {
      const [, name = word, target] = /^([^=]*)=(.*)$/s.exec(word.trim()) ?? []
      return { name: name.trim(), target: target && expandHome(`--reporter ${name.trim()}`, target, environment) }
    })
  return Object.freeze({
    specs: Object.freeze(specs),
    terminal: readTerminalUse(environment, stderr, progress),
    resultsDirectory,
    logFile,
    stepSummary: environment.GITHUB_STEP_SUMMARY || undefined,
  })
}
