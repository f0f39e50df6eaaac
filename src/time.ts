import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The one seam through which the product learns and waits for time. Everything else takes a `Clock`. */
export type Clock = {
  /** The wall clock, epoch ms. It may step; nothing that must not break may rely on it alone. */
  readonly now: () => number;
  /** Milliseconds that only grow, and that two processes of the same boot can compare (Linux: since boot). */
  readonly monotonic: () => number;
  /** Names the boot that `monotonic` counts from. Two different names: their monotonic times say nothing of each other. */
  readonly boot: string;
  /** Resolves after `ms` (0 … 2³¹−1; more is cut to that), rejects with `signal.reason` when aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
};

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** `setTimeout` takes a signed 32-bit number; more would fire at once, in a hot loop. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function systemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
    boot: bootName(),
    sleep,
  };
}

async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      },
      Math.min(Math.max(ms, 0), LONGEST_TIMER_MS),
    );
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Where the kernel tells no boot id, each process is a boot of its own: slower after a restart, never wrong. */
function bootName(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return `process-${randomUUID()}`;
  }
}

/** `2023-01-26 18:31:01 +00:00`, the form in which DataForSEO writes and reads times. @param at - Epoch ms; cut to the second. */
export function formatWireTime(at: number): string {
  const day = Math.floor(at / DAY_MS);
  if (day !== written.day) written = { day, text: new Date(day * DAY_MS).toISOString().slice(0, -14) };
  const second = Math.floor((at - day * DAY_MS) / SECOND_MS);
  return `${written.text} ${two(Math.floor(second / 3_600))}:${two(Math.floor(second / 60) % 60)}:${two(second % 60)} +00:00`;
}

/** Of the last time that was written: a page has thousands of times of the same few days, and a `Date` for each is slow. */
let written = { day: 0, text: '1970-01-01' };

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}
