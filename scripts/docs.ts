// Writes the generated pages: npm run docs.
import fs from 'node:fs'
import path from 'node:path'
import { errorPage } from './errors/page.ts'
import { PAGES_WITH_TESTS, pageWithTests } from './runner/pages.ts'
import { testCases } from './runner/registry.ts'
import { testJsonSchema } from './test-files/json-schema.ts'

const TOP = path.resolve(import.meta.dirname, '..')

fs.writeFileSync(path.join(TOP, 'docs/errors.md'), errorPage())
fs.writeFileSync(path.join(TOP, 'docs/schemas/test.schema.json'), testJsonSchema())
for (const page of PAGES_WITH_TESTS) fs.writeFileSync(path.join(TOP, page), pageWithTests(TOP, page, testCases))
