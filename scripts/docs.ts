// Writes the generated pages: npm run docs.
import fs from 'node:fs'
import path from 'node:path'
import { errorPage } from './errors/page.ts'
import { PAGES_WITH_TESTS, pageWithTests } from './runner/pages.ts'
import { testCases } from './runner/registry.ts'

const TOP = path.resolve(import.meta.dirname, '..')

fs.writeFileSync(path.join(TOP, 'docs/errors.md'), errorPage())
for (const page of PAGES_WITH_TESTS) fs.writeFileSync(path.join(TOP, page), pageWithTests(TOP, page, testCases))
