import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mountTypeOf, sharedWithOthers } from '../../src/domain/file-system.ts';
import { checkFileSystem } from '../../src/checks/file-checks.ts';
import { diskOf } from '../../src/ledger/file-system.ts';
import { openBench, type Bench } from '../support/bench.ts';
import { tempLedger, withDatabase } from '../support/ledger.ts';
import { CAN_MOUNT, mountAlone } from '../support/mounts.ts';
import { ended, lastWords, startProcess } from '../support/process.ts';

const EXT4 = 0xef53;

describe('a file system', () => {
  it.each([
    [{ magic: 0x6969, mountType: 'nfs4' }, 'nfs4'],
    [{ magic: 0x6969, mountType: null }, 'NFS'],
    [{ magic: 0xff534d42, mountType: 'cifs' }, 'cifs'],
    [{ magic: 0xff534d42 | 0, mountType: null }, 'CIFS'],
    [{ magic: 0xfe534d42, mountType: null }, 'SMB'],
    [{ magic: 0x01021997, mountType: '9p' }, '9p'],
    [{ magic: 0x65735546, mountType: 'fuse.sshfs' }, 'fuse.sshfs'],
    [{ magic: 0x65735546, mountType: 'fuse' }, 'fuse'],
    [{ magic: 0x65735546, mountType: 'virtiofs' }, 'virtiofs'],
    [{ magic: 0x00c36400, mountType: 'ceph' }, 'ceph'],
  ] as const)('%o is shared with other machines', (fileSystem, what) => {
    expect(sharedWithOthers(fileSystem)).toBe(what);
  });

  it.each([
    { magic: EXT4, mountType: 'ext4' },
    { magic: EXT4, mountType: null },
    { magic: 0x794c7630, mountType: 'overlay' },
    { magic: 0x01021994, mountType: 'tmpfs' },
    { magic: 0x58465342, mountType: 'xfs' },
    { magic: 0x9123683e, mountType: 'btrfs' },
    { magic: 0x65735546, mountType: 'fuseblk' },
    { magic: 0x65735546, mountType: 'fuse.fuse-overlayfs' },
  ])("%o is this machine's own", (fileSystem) => {
    expect(sharedWithOthers(fileSystem)).toBeNull();
  });

  it('is found by the deepest mount point above a path, the last one where two lie over each other', () => {
    const mountinfo = [
      '22 1 254:0 / / rw,relatime - ext4 /dev/vda rw',
      '30 22 0:40 / /data rw - ext4 /dev/vdb rw',
      '31 22 0:41 / /data/my\\040ledgers rw shared:3 - nfs4 host:/export rw',
      '32 22 0:42 / /over rw - xfs /dev/vdc rw',
      '33 22 0:43 / /over rw - fuse.sshfs me@host: rw',
      '',
    ].join('\n');
    expect(mountTypeOf('/data/ledger.db', mountinfo)).toBe('ext4');
    expect(mountTypeOf('/data/my ledgers/ledger.db', mountinfo)).toBe('nfs4');
    expect(mountTypeOf('/data/my ledgers of old/ledger.db', mountinfo)).toBe('ext4');
    expect(mountTypeOf('/over/there', mountinfo)).toBe('fuse.sshfs');
    expect(mountTypeOf('/database', mountinfo)).toBe('ext4');
    expect(mountTypeOf('/database', '')).toBeNull();
  });
});

describe('the disk under a path', () => {
  it('is told for a file that does not exist yet, and through links', () => {
    const { folder } = tempLedger();
    mkdirSync(join(folder, 'real'));
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    const disk = diskOf(join(folder, 'link', 'not', 'there', 'ledger.db'));
    expect(disk).toMatchObject({ type: expect.any(String) as string, shared: null });
    expect(disk.freeBytes).toBeGreaterThan(0);
    expect(disk.sizeBytes).toBeGreaterThanOrEqual(disk.freeBytes);
    if (existsSync('/proc/self')) expect(diskOf('/proc/self/status').type).toBe('proc');
  });
});

/** A real process to which the kernel seems to list a network file system over a folder, by default the bench's. */
function startOnShare(bench: Bench, args: readonly string[], share = bench.folder) {
  const fake = join(bench.folder, 'mountinfo');
  writeFileSync(fake, `1 0 0:1 / / rw - ext4 /dev/vda rw\n2 1 0:2 / ${share} rw - nfs4 host:/export rw\n`);
  const script = 'mount --bind "$0" /proc/$$/mountinfo && exec "$@"';
  return startProcess(bench, args, { under: ['unshare', '-m', 'sh', '-c', script, fake] });
}

describe.skipIf(!CAN_MOUNT)('a ledger that is mounted without its folder', () => {
  it('is refused for writing, with the reason, and told by doctor; a copy may be read so', async () => {
    const bench = await openBench({ tasks: 10 });
    await bench.backfill();
    const calls = bench.simulator.stats().calls;
    mountAlone(bench.path);
    const { code, stderr } = await ended(startProcess(bench, ['run']));
    expect(lastWords(stderr)).toMatch(
      /is mounted by itself, .*ledger\.db-wal.* lost with the container.*Mount the folder/,
    );
    expect(code).toBe(2);
    expect(bench.simulator.stats().calls).toBe(calls);
    expect(checkFileSystem(bench.path)).toMatchObject({ verdict: 'fail' });
    expect((await ended(startProcess(bench, ['status']))).code).toBe(0);
  });
});

describe.skipIf(!CAN_MOUNT)('a ledger on a network file system', () => {
  it.each(['backfill', 'run', 'status'])(
    'is refused by %s, with the reason, and nothing is put beside it',
    async (command) => {
      const bench = await openBench({ tasks: 10 });
      if (command === 'status') await bench.backfill();
      const before = readdirSync(bench.folder);
      const calls = bench.simulator.stats().calls;
      const { code, stderr } = await ended(startOnShare(bench, [command]));
      expect(lastWords(stderr)).toMatch(/other machines may share \(nfs4\).*loses writes.*LEDGER_DATABASE/);
      expect(code).toBe(2);
      expect(readdirSync(bench.folder).sort()).toEqual([...before, 'mountinfo'].sort());
      expect(bench.simulator.stats().calls).toBe(calls);
    },
  );

  it.each([1_000, 21_000_000])('is no place for it, but one for its backup, of %d bytes and more', async (bytes) => {
    const bench = await openBench({ tasks: 10 });
    await bench.backfill();
    withDatabase(bench.path, {}, (ledger) =>
      ledger.exec(`create table ballast as select zeroblob(${bytes}) as stones`),
    );
    const share = join(bench.folder, 'share');
    mkdirSync(share);
    const copy = join(share, 'copy.db');
    const { code, stderr } = await ended(startOnShare(bench, ['backup', copy], share));
    expect(code, stderr).toBe(0);
    expect(readdirSync(share)).toEqual(['copy.db']);
    expect(bench.app({ LEDGER_DATABASE: copy }).status().tasks.total).toBe(10);
    const onShare = await ended(startOnShare(bench, ['status', '--database', copy], share));
    expect([onShare.code, lastWords(onShare.stderr)]).toEqual([2, expect.stringMatching(/may share/) as string]);
  });
});
