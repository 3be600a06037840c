import fs from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'

/** A pipeline of docs/ci.md. */
export interface Pipeline {
  readonly name: string
  readonly commands: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Files and directories that it stores. */
  readonly kept: readonly string[]
  /** The JUnit file that it reads, if any. */
  readonly junit: string | undefined
}

const DOC = path.resolve(import.meta.dirname, '../../docs/ci.md')

const snippetOf = (title: string, language: string): string => {
  const section = fs
    .readFileSync(DOC, 'utf8')
    .split(/^## /m)
    .find(each => each.startsWith(`${title}\n`))
  const [, snippet] = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms').exec(section ?? '') ?? []
  if (!snippet) throw new Error(`docs/ci.md has no ${language} for ${title}`)
  return snippet
}

function github(): Pipeline {
  const { env, steps } = parse(snippetOf('GitHub Actions', 'yaml')).jobs.netns
  const upload = steps.find(({ uses }: { uses?: string }) => uses?.startsWith('actions/upload-artifact'))
  return {
    name: 'GitHub Actions',
    commands: steps.flatMap(({ run }: { run?: string }) => run ?? []),
    environment: env,
    kept: upload.if === 'always()' ? upload.with.path.trim().split('\n') : [],
    junit: undefined,
  }
}

function gitlab(): Pipeline {
  const { variables, script, artifacts } = parse(snippetOf('GitLab CI', 'yaml')).netns
  return {
    name: 'GitLab CI',
    commands: script,
    environment: variables,
    kept: artifacts.when === 'always' ? artifacts.paths : [],
    junit: artifacts.reports.junit,
  }
}

function jenkins(): Pipeline {
  const text = snippetOf('Jenkins', 'groovy')
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(found => found.slice(1) as string[])
  const always = text.slice(text.indexOf('always {'))
  const [, kept = ''] = /archiveArtifacts '(.*)'/.exec(always) ?? []
  return {
    name: 'Jenkins',
    commands: all(/^ *sh '(.*)'$/gm).flat(),
    environment: Object.fromEntries(all(/(\w+) = '(.*?)'/g)),
    kept: kept.split(', ').map(each => each.replace('**', '')),
    junit: /junit '(.*)'/.exec(always)?.[1],
  }
}

/** The pipelines of docs/ci.md. */
export const pipelines = (): readonly Pipeline[] => [github(), gitlab(), jenkins()]
