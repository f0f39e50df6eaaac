/** What the kernel says of the file system under a path. */
export type FileSystem = {
  /** `f_type` of statfs(2): a number that each kind of file system has for itself. */
  readonly magic: number;
  /** The type in /proc/self/mountinfo, such as `ext4`, `nfs4`, `fuse.sshfs`; null where the kernel has no such list. */
  readonly mountType: string | null;
};

/** From linux/magic.h and the file systems' own sources. */
const REMOTE_MAGICS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
  [0x01021997, '9p'],
  [0x00c36400, 'Ceph'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
  [0x786f4256, 'VirtualBox shared folder'],
]);

const REMOTE_TYPE =
  /^(nfs\d?|cifs|smb\w*|9p|ceph|afs|kafs|coda|lustre|gpfs|gfs2|ocfs2|beegfs|virtiofs|vboxsf|vmhgfs|prl_fs|fakeowner|ncpfs)$/;

/** FUSE is whatever a program makes of it; these keep their files on this machine's own disk. */
const LOCAL_FUSE =
  /^(fuseblk|fuse\.(fuse-overlayfs|overlayfs|bindfs|gocryptfs|encfs|cryfs|ntfs-3g|exfat|ext[234]|zfs))$/;

/**
 * Whether a file system is, or may be, shared with other machines. SQLite's log needs memory that all who open the file share,
 * which such a one does not give (sqlite.org/wal.html): two of them would write over each other without a word.
 *
 * @returns What it is, for a sentence: `NFS`, `fuse.sshfs`; null where it is this machine's own.
 */
export function sharedWithOthers({ magic, mountType }: FileSystem): string | null {
  if (mountType !== null && REMOTE_TYPE.test(mountType)) return mountType;
  // 0 … 2³²−1: some platforms sign-extend it.
  const byMagic = REMOTE_MAGICS.get(magic >>> 0);
  if (byMagic !== undefined) return byMagic;
  return mountType?.startsWith('fuse') === true && !LOCAL_FUSE.test(mountType) ? mountType : null;
}

/**
 * The type of the file system that holds a path, out of /proc/self/mountinfo (proc(5)): the mount point deepest above it, the
 * one mounted last where several lie over each other.
 *
 * @param path - Absolute, without links in it. @returns Null where nothing is listed above it.
 */
export function mountTypeOf(path: string, mountinfo: string): string | null {
  let best: { readonly length: number; readonly type: string | null } = { length: -1, type: null };
  for (const line of mountinfo.split('\n')) {
    const [left = '', right = ''] = line.split(' - ');
    const point = unescaped(left.split(' ')[4] ?? '');
    const type = right.split(' ')[0] ?? '';
    if (point === '' || type === '' || !isWithin(path, point) || point.length < best.length) continue;
    best = { length: point.length, type };
  }
  return best.type;
}

function isWithin(path: string, point: string): boolean {
  return point === '/' || path === point || path.startsWith(`${point}/`);
}

/** Whether something is mounted at exactly this path, which is absolute and without links. */
export function isMountPoint(path: string, mountinfo: string): boolean {
  return mountinfo.split('\n').some((line) => unescaped(line.split(' ')[4] ?? '') === path);
}

/** Blanks and the like stand there as `\040`. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8)));
}
