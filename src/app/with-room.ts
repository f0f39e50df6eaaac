import { roomPauseMs } from '../domain/disk.ts';
import { withHint } from '../domain/errors.ts';
import type { Pulse } from '../harvest/pulse.ts';
import { lacksRoom } from '../ledger/room.ts';
import type { Parts } from './parts.ts';

/**
 * Does the work, and begins it again where the disk was too full to open the ledger: a daemon that ends then would be started in
 * vain until its supervisor gives up, and stay down once there is room. Nobody is called meanwhile, and the lock is free.
 *
 * @throws What the work throws for another reason; `signal.reason` when stopped while it waits.
 */
export async function withRoom(
  { parts, pulse }: { readonly parts: Parts; readonly pulse: Pick<Pulse, 'lacksRoom'> },
  work: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { config, seams, log } = parts;
  for (let failures = 1; ; failures += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (signal.aborted || !lacksRoom(config.databasePath, error)) throw error;
      const pauseMs = roomPauseMs(failures);
      const reason = `The disk is full. ${withHint(error)}`;
      const until = new Date(seams.clock.now() + pauseMs).toISOString();
      if (failures === 1) log.error({ reason, code: error.code }, 'the ledger cannot be opened: no call is made');
      if (failures === 1) log.info({ state: 'waiting', reason, until }, 'state');
      pulse.lacksRoom();
      await seams.clock.sleep(pauseMs, signal);
    }
  }
}
