import { describe, expect, it } from 'vitest';
import { createProgressBar, createProgressLines } from '../../src/cli/progress-bar.ts';
import type { Progress } from '../../src/domain/progress.ts';
import { systemClock } from '../../src/time.ts';
import { PROGRESS } from './fakes.ts';

describe('progress lines', () => {
  it('are the first word, one in each interval, and the last', () => {
    let now = 0;
    const calls: number[] = [];
    const clock = { ...systemClock(), monotonic: () => now };
    const sink = createProgressLines((progress: Progress) => calls.push(progress.calls), { clock, everyMs: 10_000 });
    for (const at of [0, 1, 9_999, 10_000, 19_999, 30_000, 30_001]) {
      now = at;
      sink.show({ ...PROGRESS, calls: at });
    }
    expect(calls).toEqual([0, 10_000, 30_000]);
    sink.stop();
    sink.stop();
    expect(calls).toEqual([0, 10_000, 30_000, 30_001]);
  });
});

describe('the progress bar', () => {
  it('leaves a terminal that never saw it untouched, and ends only once', () => {
    const written: string[] = [];
    const bar = createProgressBar({ write: (text) => written.push(text), isTTY: true, columns: 40 });
    bar.stop();
    expect(written).toEqual([]);
    bar.show(PROGRESS);
    bar.stop();
    const length = written.length;
    bar.stop();
    expect(written).toHaveLength(length);
    expect(written.at(-1)).toBe('\n');
  });

  it('follows the width of its terminal', () => {
    const terminal = { text: '', columns: 200, isTTY: true, write: (text: string) => (terminal.text += text) };
    const bar = createProgressBar(terminal);
    bar.show(PROGRESS);
    expect(terminal.text).toContain('budget 3/10 used');
    terminal.text = '';
    terminal.columns = 20;
    bar.stop();
    expect(terminal.text).toContain('43 % covered');
    expect(terminal.text).not.toContain('budget');
  });
});
