import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends the output of a test run with the one line `N passed, N failed` that a script can read. With
 * SUMMARY_FILE set the two numbers go there instead, and whoever set it prints the line.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandled.length;
    for (const module of modules) {
      if (module.errors().length > 0) failed += 1;
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failed += 1;
      }
    }
    const file = process.env.SUMMARY_FILE;
    if (file) writeFileSync(file, `${passed} ${failed}\n`);
    else process.on('exit', () => process.stdout.write(`${passed} passed, ${failed} failed\n`));
  }
}
