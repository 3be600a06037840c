import type { Environment } from '../host/environment.ts'
import { expandHome } from '../settings/home.ts'
import type { ProgressKind } from './names.ts'
import type { TerminalUse } from './streams.ts'
import { readTerminalUse } from './terminal-use.ts'

/** A requested reporter. */
export interface ReporterSpec {
  readonly name: string
  /** Undefined for the reporter's default. */
  readonly target: string | undefined
}

/** Settings of reports. */
export interface Reporting {
  readonly specs: readonly ReporterSpec[]
  readonly terminal: TerminalUse
  /** Gets results.json, report.html and the log. */
  readonly resultsDirectory: string | undefined
  /** Target of the default log: a file, or stdout if undefined. With results, it is among them. */
  readonly logFile: string | undefined
  /** $GITHUB_STEP_SUMMARY. */
  readonly stepSummary: string | undefined
}

/**
 * @param words of `--reporter`: comma-separated `<name>` or `<name>=<target>`
 * @param logFile target of the default log if stdout is a terminal
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
